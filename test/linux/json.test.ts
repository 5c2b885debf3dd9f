import t from "tap";
import {
  asList,
  asRecord,
  fieldOf,
  integerOf,
  numberOf,
  parseJson,
  recordsOf,
  textEntries,
  textOf,
  textsOf,
} from "../../lib/linux/json.js";

t.test("values of another type than expected are absent", async (t) => {
  const value = parseJson('{"a":{"b":["x",1,{"c":2}],"n":"12","f":1.5},"__proto__":{"x":1}}');
  t.strictSame(textsOf(value, "a", "b"), ["x"]);
  t.strictSame(recordsOf(value, "a", "b"), [{ c: 2 }]);
  t.equal(integerOf(value, "a", "n"), 12);
  t.equal(integerOf(value, "a", "f"), null);
  t.equal(numberOf(value, "a", "f"), 1.5);
  t.equal(numberOf(value, "a", "n"), null);
  t.equal(textOf(value, "a", "b"), null);
  t.equal(fieldOf(value, "constructor"), undefined);
  t.strictSame(asList(value), []);
  t.strictSame(asRecord([1]), {});
  t.strictSame(textEntries({ a: "x", b: 1 }), { a: "x" });
  t.strictSame(parseJson(" \n"), [], "iproute2 prints nothing for an empty list");
  t.equal(parseJson("{"), undefined);
});

t.test("a control character that iproute2 did not escape makes nothing unreadable", async (t) => {
  const text = '[{"ifname":"eth0",\n"ifalias":"a\u001b[2J\u0001"},\t{}]';
  t.strictSame(parseJson(text), [{ ifname: "eth0", ifalias: "a\u001b[2J\u0001" }, {}]);
  t.equal(parseJson("{\u0001"), undefined);
});
