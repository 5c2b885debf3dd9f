import t from "tap";
import { fitsKnown, validateValue } from "../../lib/document/index.js";
import { orExpression } from "../../lib/runbook/or-expression.js";
import { STEP_KINDS } from "../../lib/steps/registry.js";

t.test("what a step kind takes was compiled when hopbook was made, and is judged as ajv does", (t) => {
  let judged = 0;
  for (const { name, example, inputSchema } of STEP_KINDS.values()) {
    const written = orExpression(inputSchema);
    t.ok(fitsKnown(example, written), `${name}: run npm run validators where it takes something else now`);
    for (const schema of [inputSchema, written]) {
      // The same schema as ajv alone has it: a word for people changes its digest, and nothing else.
      const own = { ...schema, $comment: "own" };
      for (const value of [example, null, [], "text", { ...example, "no such": 1 }, ...spoil(example)]) {
        const isKnown = fitsKnown(value, own);
        const fits = validateValue(value, own).length === 0;
        judged++;
        if (isKnown || fitsKnown(value, schema) !== fits)
          t.fail(`${name}: ${JSON.stringify(value)}`, { isKnown, fits });
      }
    }
  }
  t.ok(judged > 500, `${judged} values`);
  t.end();
});

/** With one property after the other of the wrong type, or without it. */
function spoil(example: object): readonly object[] {
  return Object.keys(example).flatMap((name) => [
    { ...example, [name]: null },
    { ...example, [name]: { made: "up" } },
    { ...example, [name]: "${{ made.up }}" },
    Object.fromEntries(Object.entries(example).filter(([key]) => key !== name)),
  ]);
}
