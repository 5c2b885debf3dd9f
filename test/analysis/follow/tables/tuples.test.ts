import t from "tap";
import { Fragments } from "../../../../lib/analysis/follow/fragments.js";
import { InFlight } from "../../../../lib/analysis/follow/flight.js";
import { PlaceSets } from "../../../../lib/analysis/follow/sets.js";
import { Tuples } from "../../../../lib/analysis/follow/tables/tuples.js";
import { packetOf } from "../kit.js";

t.test("two ends that ping each other with one identifier are two pairs, with their replies", async (t) => {
  for (const [version, protocol, request, reply] of [
    [4, 1, 8, 0],
    [6, 58, 128, 129],
  ] as const) {
    const tuples = new Tuples();
    const echo = (icmpType: number, [source0, destination0]: readonly [number, number]) =>
      packetOf({ version, protocol, icmpType, icmpId: 7, source0, destination0, ipId: source0 });
    const row = (icmpType: number, ends: readonly [number, number]): number =>
      tuples.locate(echo(icmpType, ends));
    const [one, other] = [row(request, [1, 2]), row(request, [2, 1])];
    t.not(one, other);
    t.strictSame([row(reply, [2, 1]), row(reply, [1, 2])], [one, other]);
    t.equal(tuples.protocol(other), protocol);
    t.match(tuples.end(other, true), tuples.end(one, true), "of the same ends");
    t.equal(row(136, [1, 2]), row(136, [2, 1]), "what is no echo goes both ways");
    const fragments = new Fragments(new InFlight(new PlaceSets(2)));
    fragments.note(echo(reply, [2, 1]));
    const later = packetOf({ version, protocol, source0: 2, destination0: 1, ipId: 2, fragmentOffset: 1480 });
    t.equal(fragments.find(later, tuples), one);
    t.equal(later.icmpType, -1);
  }
});
