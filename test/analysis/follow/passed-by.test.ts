import t from "tap";
import { InFlight } from "../../../lib/analysis/follow/flight.js";
import { Flow } from "../../../lib/analysis/follow/flow.js";
import { Orders } from "../../../lib/analysis/follow/order.js";
import { PassedBy } from "../../../lib/analysis/follow/passed-by.js";
import { Records } from "../../../lib/analysis/follow/record.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";
import { ALL_LIVE } from "../../../lib/analysis/follow/ways.js";

/** Places of two paths; those of the first are 0, 1 and 2. */
const PATHS = [
  [0, 1, 2],
  [3, 4, 5],
];

/** Which places showed the requests of each flow, and its replies. */
type Shown = readonly (readonly [requests: readonly number[], replies: readonly number[]])[];

/** The places of the first path that packets pass by along it, and against it. */
function passedBy(shown: Shown): readonly [number[], number[]] {
  const sets = new PlaceSets(6);
  const [records, flight] = [new Records(), new InFlight(sets)];
  const slot = flight.add();
  const flows = shown.map((directions, number) => {
    const ends = {
      ...({ number, target: -1, between: -1, protocol: "icmp", behind: null } as const),
      client: { ip: "10.0.0.1", port: null },
      server: { ip: `10.0.0.${number + 2}`, port: null },
    };
    const flow = new Flow(ends, records);
    for (const [direction, places] of directions.entries()) {
      Object.assign(records.ways.sought, { set: sets.of(places), live: ALL_LIVE });
      records.ways.count(records.wayOf(flow.firstRow + direction), flight, slot);
    }
    return flow;
  });
  const found = new PassedBy(new Orders(PATHS, flows, sets), flows, sets, records.ways.sets);
  return [[...found.of(0, true)], [...found.of(0, false)]];
}

const WHOLE = [0, 1, 2];

t.test("a place that one way never shows at, between places that do", async (t) => {
  t.strictSame(passedBy([[WHOLE, WHOLE]]), [[], []], "none where nothing is missing");
  t.strictSame(passedBy([[WHOLE, [0, 2]]]), [[], [1]], "replies pass it by, requests do not");
  t.strictSame(passedBy([[[0, 2], WHOLE]]), [[1], []]);
  t.strictSame(passedBy([[WHOLE, [0, 2]], [WHOLE, WHOLE]]), [[], []], "another flow's replies show there"); // prettier-ignore
  t.strictSame(passedBy([[WHOLE, [2]]]), [[], []], "what stops in front of it says nothing");
  t.strictSame(passedBy([[[3, 5], [3, 4, 5]], [WHOLE, WHOLE]]), [[], []], "another path's flows say nothing"); // prettier-ignore
  t.strictSame(passedBy([[WHOLE, [0, 2]], [[3, 4, 5], [3, 4, 5]]]), [[], [1]]); // prettier-ignore
});
