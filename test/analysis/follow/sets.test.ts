import t from "tap";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";

t.test("of more sets than are told apart one stays as it is", async (t) => {
  const places = 17;
  const sets = new PlaceSets(places);
  const known = new Set<number>();
  for (let members = 0; members < 1 << 16; members++)
    known.add(
      sets.of(Array.from({ length: 16 }, (_, place) => place).filter((place) => members & (1 << place))),
    );
  t.equal(known.size, 1 << 16);
  const some = sets.of([0, 3]);
  t.equal(sets.add(some, 16), some);
  t.notOk(sets.has(sets.add(some, 16), 16));
  t.not(sets.add(some, 4), some, "one that is known is found");
});
