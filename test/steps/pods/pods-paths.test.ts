import t from "tap";
import { validateValue } from "../../../lib/document/index.js";
import { podsPaths } from "../../../lib/steps/pods/pods-paths.js";
import { recordedContext } from "../recorded.js";

t.test("from each to each, without what a pod would send to itself", async (t) => {
  t.strictSame(validateValue(podsPaths.example, podsPaths.inputSchema), []);
  const fake = recordedContext();
  const input = { from: ["shop/client", "node/node-a", "shop/client"], to: ["shop/web:8080", "shop/client"] };
  podsPaths.check?.(input);
  const { outputs, commands } = await podsPaths.plan(input, fake.context);
  t.strictSame(validateValue(outputs, podsPaths.outputSchema), []);
  t.strictSame(
    outputs.paths.map(({ from, to }) => `${from.text} ${to.text}`),
    ["shop/client shop/web:8080", "node/node-a shop/web:8080", "node/node-a shop/client"],
  );
  t.strictSame(Object.keys(outputs.tools).sort(), ["node-a", "node-b"]);
  t.ok(commands.length > 10);
  t.match(fake.files.get("evidence/paths/step.json"), { paths: [{}, {}, {}] });
});

t.test("none but to oneself, and too many, are refused before anything is read", (t) => {
  t.throws(() => podsPaths.check?.({ from: ["shop/a"], to: ["shop/a:80"] }), /there is none but to oneself/);
  const many = Array.from({ length: 16 }, (_, index) => `shop/p${index}`);
  t.throws(() => podsPaths.check?.({ from: many, to: many }), /there are 240, and at most 64 are/);
  t.throws(() => podsPaths.check?.({ from: ["a b"], to: ["shop/a"] }), { code: "INPUT_INVALID" });
  t.end();
});

t.test("an end that sends to itself alone is left out", async (t) => {
  const input = { from: ["shop/web", "shop/client"], to: ["shop/web"] };
  const { outputs } = await podsPaths.plan(input, recordedContext().context);
  t.equal(outputs.paths.length, 1);
});
