import t from "tap";
import { Fragments } from "../../../lib/analysis/follow/fragments.js";
import { Tuples } from "../../../lib/analysis/follow/tables/tuples.js";
import { packetOf } from "./kit.js";

t.test("later fragments have the ends that the first one said, until it is forgotten", async (t) => {
  const [fragments, tuples] = [new Fragments(), new Tuples()];
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
  const [fragments, tuples] = [new Fragments(), new Tuples()];
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
