import t from "tap";
import { DURATION, fromData, INT, listOf, mapOf, objectOf, STRING } from "../../lib/cel/index.js";
import { CelList, CelMap, Duration } from "../../lib/cel/values.js";

t.test("data is of the type that is known of it", async (t) => {
  const map = fromData({ a: 1, b: undefined }, mapOf(STRING, DURATION));
  t.ok(map instanceof CelMap);
  if (!(map instanceof CelMap)) return;
  t.same(map.get("a"), new Duration(1_000_000n));
  t.equal(map.get("b"), undefined);
  t.equal(map.get("toString"), undefined);
  const object = fromData({ a: 1, b: 2 }, objectOf({ a: DURATION }));
  t.ok(object instanceof CelMap && object.get("a") instanceof Duration && object.get("b") === 2n);
});

t.test("a list has no items beyond its end", async (t) => {
  const list = fromData([1], listOf(INT));
  t.ok(list instanceof CelList && list.at(0) === 1n && list.at(1) === undefined);
});

t.test("what is no data", async (t) => {
  t.throws(() => fromData(() => 0), /there is no function here/);
});
