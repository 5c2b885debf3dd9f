import t from "tap";
import { readFileSync } from "node:fs";
import { derivePatchSchemas, readSchema, validateDocument, parseDocument } from "../../lib/document/index.js";

t.test("the schemas of patches are those that follow from the runbook's", async (t) => {
  for (const [name, schema] of Object.entries(derivePatchSchemas(readSchema("runbook")))) {
    const file = new URL(`../../schemas/${name}.json`, import.meta.url);
    const wanted: unknown = JSON.parse(JSON.stringify(schema));
    t.strictSame(JSON.parse(readFileSync(file, "utf8")), wanted, `npm run docs writes ${name}.json`);
  }
});

t.test("any part of a runbook will do, and null deletes it", async (t) => {
  const problemsOf = (patch: string): string[] => {
    const head = "apiVersion: hopbook.dev/v1\nkind: RunbookOverlay\ntarget: {runbooks: [a]}\npatch: ";
    return validateDocument(parseDocument(head + patch, "x.yaml"), "runbook-overlay").map(
      ({ message }) => message,
    );
  };
  for (const patch of [
    "{}",
    "{inputs: null, permissions: {node: null, capture: {duration: 5s}}}",
    "{inputs: {a: {default: 1}, b: null}}",
    "{steps: [{id: a, $patch: delete}, {id: b, retry: {delay: 1s}, strategy: {matrix: null}, with: {any: [1]}}]}",
    "{checks: [{id: a-b, outcomes: [{pass: {message: x}}], $before: c}], finally: []}",
    "{metadata: {labels: {x: null, $patch: replace}}}",
  ]) {
    t.strictSame(problemsOf(patch), [], patch);
  }
  for (const [patch, says] of [
    ["{checks: [{id: a, outcomes: [{pass: {if: null}}]}]}", /lacks the key "message"/],
    ["{steps: [{id: null}]}", /"id" must be text, is empty/],
    ["{steps: [{retry: {count: 0}}]}", /lacks the key "id"/],
    ["{steps: [{id: a, retry: {count: 0}}]}", /"count" must be at least 1/],
    ["{steps: [{id: a, retry: {cuont: 1}}]}", /unknown key "cuont"/],
    ["{permissions: {capture: {duration: 5}}}", /"duration" must be a duration with a unit/],
    ["[]", /"patch" must be a mapping/],
  ] as const) {
    t.match(problemsOf(patch).join("\n"), says, patch);
  }
});
