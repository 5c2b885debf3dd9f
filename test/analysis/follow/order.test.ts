import t from "tap";
import { InFlight } from "../../../lib/analysis/follow/flight.js";
import { Flow } from "../../../lib/analysis/follow/flow.js";
import { Orders } from "../../../lib/analysis/follow/order.js";
import { Records } from "../../../lib/analysis/follow/record.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";
import { TRAIT } from "../../../lib/analysis/follow/traits.js";
import { ALL_LIVE } from "../../../lib/analysis/follow/ways.js";

const sets = new PlaceSets(2);

/** By direction: how many packets which places showed. */
type Shown = readonly (readonly [places: readonly number[], packets: number, copies?: number])[];

function orderOf(requests: Shown, replies: Shown): string {
  const [records, flight] = [new Records(), new InFlight(sets)];
  const ends = {
    ...({ number: 0, target: -1, between: -1, protocol: "icmp", behind: null } as const),
    client: { ip: "10.0.0.1", port: null },
    server: { ip: "10.0.0.2", port: null },
  };
  const flow = new Flow(ends, records);
  const slot = flight.add();
  for (const [direction, shown] of [requests, replies].entries())
    for (const [places, packets, copies = 0] of shown) {
      Object.assign(records.ways.sought, { set: sets.of(places), live: ALL_LIVE });
      const way = records.wayOf(flow.firstRow + direction);
      for (let packet = 0; packet < packets; packet++) {
        flight.traits[slot] = packet < copies ? TRAIT.copy : 0;
        records.ways.count(way, flight, slot);
      }
    }
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
