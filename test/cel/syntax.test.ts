import t from "tap";
import { childrenOf, parseCel } from "../../lib/cel/index.js";

t.test("the nodes within a node, in the order of the text", async (t) => {
  const table: [string, string[]][] = [
    ["1", []],
    ["a", []],
    ["a.b", ["a"]],
    ["a[1]", ["a", "1"]],
    ["[a, b]", ["a", "b"]],
    ["{a: b}", ["a", "b"]],
    ["a ? b : c", ["a", "b", "c"]],
    ["a && b", ["a", "b"]],
    ["a + b", ["a", "b"]],
    ["!a", ["a"]],
    ["size(a)", ["a"]],
    ["a.size(b)", ["a", "b"]],
  ];
  for (const [source, children] of table) {
    const texts = childrenOf(parseCel(source)).map(({ start, end }) => source.slice(start, end));
    t.same(texts, children, source);
  }
});
