import t from "tap";
import { SmallMap } from "../../../../lib/analysis/application/exchanges/small-map.js";

t.test("a map of one entry, and of more, keeps their order as a Map does", async (t) => {
  const map = new SmallMap<number, string>();
  t.strictSame([map.size, map.get(1), [...map.values()]], [0, undefined, []]);
  map.delete(1);
  map.set(1, "one");
  map.set(1, "first");
  t.strictSame([map.size, map.get(1), map.get(2), [...map.values()]], [1, "first", undefined, ["first"]]);
  map.delete(2);
  t.equal(map.size, 1);
  map.delete(1);
  t.strictSame([map.size, map.get(1)], [0, undefined]);
  map.set(3, "three");
  map.set(4, "four");
  map.set(3, "third");
  t.strictSame([...map.values()], ["third", "four"]);
  t.strictSame(map.first(), [3, "third"]);
  map.delete(3);
  t.strictSame([map.size, map.get(3), map.get(4), map.first()], [1, undefined, "four", [4, "four"]]);
});

t.test("nothing is first where there is nothing", async (t) => {
  t.equal(new SmallMap<string, string>().first(), undefined);
});
