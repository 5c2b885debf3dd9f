import t from "tap";
import { Flow } from "../../../lib/analysis/follow/flow.js";
import { Orders } from "../../../lib/analysis/follow/order.js";
import type { Way } from "../../../lib/analysis/follow/record.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";

const sets = new PlaceSets(2);

/** By direction: how many packets which places showed. */
type Shown = readonly (readonly [places: readonly number[], packets: number, copies?: number])[];

function orderOf(requests: Shown, replies: Shown): string {
  const flow = new Flow({
    ...{ number: 0, target: -1, between: -1, protocol: "icmp", behind: null },
    client: { ip: "10.0.0.1", port: null },
    server: { ip: "10.0.0.2", port: null },
  });
  for (const [direction, shown] of [requests, replies].entries())
    flow.records[direction]!.ways = shown.map(([places, packets, copies = 0]) => ({
      ...({ live: -1, tooBig: false, elsewhere: { whole: 0, any: 0 } } as Way),
      ...{ set: sets.of(places), packets, copies },
    }));
  return new Orders([[0, 1]], [flow], sets).onPath(flow, 0).order.join(" > ");
}

t.test("where nothing else tells, packets go from where they still show to where they do not", async (t) => {
  t.equal(orderOf([[[0, 1], 1]], [[[1], 1]]), "0 > 1", "a reply stops behind the server's place");
  t.equal(orderOf([[[0, 1], 1]], [[[0], 1]]), "1 > 0");
  t.equal(orderOf([[[0], 2]], []), "0 > 1", "a request stops");
  t.equal(orderOf([[[1], 2]], []), "1", "one place tells no way");
  t.equal(orderOf([[[0, 1], 3], [[1], 1]], []), "0 > 1", "one of many may be a late copy"); // prettier-ignore
  t.equal(orderOf([[[0, 1], 1], [[1], 2, 2]], []), "0 > 1", "copies do not count"); // prettier-ignore
});
