import t from "tap";
import { Fragments } from "../../../lib/analysis/follow/fragments.js";
import { InFlight } from "../../../lib/analysis/follow/flight.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";
import { Tuples } from "../../../lib/analysis/follow/tables/tuples.js";
import type { Packet } from "../../../lib/analysis/dissect/packet.js";
import { packetOf } from "./kit.js";

t.test("later fragments have the ends that the first one said, until it is forgotten", async (t) => {
  const [fragments, tuples] = [new Fragments(new InFlight(new PlaceSets(2))), new Tuples()];
  const first = packetOf({ sourcePort: 9000, destinationPort: 53, ipId: 1 });
  const row = tuples.locate(first);
  const later = packetOf({ ipId: 1, fragmentOffset: 1480 });
  const bare = fragments.find(later, tuples);
  t.not(bare, row, "before the first one nothing says it");
  fragments.note(first);
  t.equal(fragments.find(later, tuples), row);
  t.ok(tuples.fromA);
  t.strictSame([later.sourcePort, later.destinationPort], [0, 0], "it carries no ports");
  const back = packetOf({ source0: 2, destination0: 1, sourcePort: 53, destinationPort: 9000, ipId: 9 });
  fragments.note(back);
  t.equal(fragments.find(packetOf({ source0: 2, destination0: 1, ipId: 9, fragmentOffset: 8 }), tuples), row);
  t.notOk(tuples.fromA);
  const ping = packetOf({ protocol: 1, icmpType: 8, icmpId: 7, ipId: 5 });
  fragments.note(ping);
  const rest = packetOf({ protocol: 1, ipId: 5, fragmentOffset: 1480 });
  t.equal(fragments.find(rest, tuples), tuples.locate(ping));
  for (let datagram = 0; datagram < 8190; datagram++)
    fragments.note(packetOf({ protocol: 17, source0: 1, destination0: 3, ipId: datagram }));
  t.equal(fragments.find(later, tuples), bare, "of more than are remembered the oldest is forgotten");
  t.equal(fragments.find(rest, tuples), tuples.locate(ping));
});

t.test("a row that was forgotten meanwhile is made anew", async (t) => {
  const [fragments, tuples] = [new Fragments(new InFlight(new PlaceSets(2))), new Tuples()];
  const first = packetOf({ sourcePort: 9000, destinationPort: 53, ipId: 1 });
  const row = tuples.locate(first);
  fragments.note(first);
  tuples.connect(row, 3);
  tuples.remove(row);
  const other = tuples.locate(packetOf({ sourcePort: 1, destinationPort: 2 }));
  t.equal(other, row, "it is another pair's by now");
  const found = fragments.find(packetOf({ ipId: 1, fragmentOffset: 1480 }), tuples);
  t.not(found, other);
  t.equal(tuples.connectionOf(found), -1);
  t.equal(tuples.size, 2);
});

/** A whole packet that a place has shown; its range is that of its bytes. */
function show(
  packet: Packet,
  o: { flight: InFlight; tuples: Tuples; bytes: number; isRequest: boolean },
): number {
  const { flight, tuples } = o;
  const row = tuples.locate(packet);
  tuples.setClient(row, tuples.fromA === o.isRequest);
  const slot = flight.add();
  flight.ipId[slot] = packet.ipId;
  flight.direction[slot] = o.isRequest ? 0 : 1;
  flight.rangeEnd[slot] = o.bytes;
  flight.sighting[slot] = flight.sightings.push(flight.sighting[slot]!);
  flight.sightings.row[flight.sighting[slot]] = row;
  return row;
}

t.test(
  "where the first one was lost at once, the datagram that was cut says whose the later ones are",
  async (t) => {
    const [flight, tuples] = [new InFlight(new PlaceSets(2)), new Tuples()];
    const fragments = new Fragments(flight);
    const at = { flight, tuples, bytes: 4008, isRequest: true };
    const asked = show(packetOf({ sourcePort: 9000, destinationPort: 53, ipId: 1 }), at);
    const back = { source0: 2, destination0: 1 };
    const answer = packetOf({ ...back, sourcePort: 54, destinationPort: 9001, ipId: 2 });
    const answered = show(answer, { ...at, isRequest: false });
    show(packetOf({ protocol: 1, icmpType: 8, icmpId: 7, ipId: 5 }), at);
    show(packetOf({ sourcePort: 9002, destinationPort: 53, ipId: 6 }), { ...at, bytes: 1000 });
    show(packetOf({ sourcePort: 9003, destinationPort: 53, ipId: 0 }), at);
    const find = (fields: Partial<Packet>): number => {
      const later = packetOf({ fragmentOffset: 1480, l4Bytes: 1480, ...fields });
      const row = fragments.find(later, tuples);
      t.strictSame([later.sourcePort, later.destinationPort], [0, 0]);
      return row;
    };
    t.equal(find({ ipId: 1 }), asked);
    t.ok(tuples.fromA);
    t.equal(find({ ...back, ipId: 2 }), answered);
    t.notOk(tuples.fromA);
    const unknown = find({ ipId: 77 });
    t.equal(tuples.end(unknown, true).port, 0);
    t.equal(find({ ...back, ipId: 1 }), unknown, "the other way");
    t.equal(find({ ipId: 5 }), unknown, "a ping's id");
    t.equal(find({ ipId: 6 }), unknown, "too short for it");
    t.equal(find({ ipId: 0 }), unknown, "no id");
    t.not(find({ ipId: 1, destination0: 3 }), asked, "other ends");
    t.not(find({ ipId: 5, protocol: 1 }), asked);
  },
);
