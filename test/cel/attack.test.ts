import t from "tap";
import { evaluate } from "../../lib/runbook/expression.js";

t.test("loops within loops are bounded", async (t) => {
  const list = `[${Array.from({ length: 100 }, (_, index) => index).join(",")}]`;
  const nest = (depth: number): string =>
    depth === 0 ? "true" : `${list}.all(a${depth}, ${nest(depth - 1)})`;
  t.equal(evaluate(`\${{ ${nest(2)} }}`, {}), true);
  t.throws(() => evaluate(`\${{ ${nest(5)} }}`, {}), { code: "EXPRESSION_INVALID", message: /loops/ });
});

t.test("no way to a prototype", async (t) => {
  for (const expression of ["inputs.__proto__", "inputs['constructor']", "inputs.constructor.constructor"])
    t.throws(
      () => evaluate(`\${{ ${expression} }}`, { inputs: {} }),
      { code: "EXPRESSION_INVALID" },
      expression,
    );
});
