import t, { type Test } from "tap";
import { join } from "node:path";
import { checkFiles } from "../../lib/catalogue/check.js";
import { loadNamedRunbook } from "../../lib/catalogue/named-runbook.js";
import { checkScripts, loadScriptRunbook } from "../../lib/catalogue/scripts.js";
import { loadRunbook } from "../../lib/runbook/index.js";

const GOOD = `import { defineRunbook } from "hopbook/script";
console.log("nobody sees this");
export const runbook = defineRunbook({
  metadata: { name: "triage", title: "Triage" },
  inputs: { from: { type: "string", required: true }, wait: { type: "duration", default: "2s" } },
  permissions: { node: { max: 2 }, exec: ["node/read"] },
  checks: [{ id: "c", outcomes: [{ pass: { message: "well" } }] }],
  timeout: "3m",
});
export default async () => null;
`;

const write = (t: Test, text: string): string => join(t.testdir({ "triage.ts": text }), "triage.ts");

t.test("a runbook in TypeScript is one like any other", async (t) => {
  const file = write(t, GOOD);
  const runbook = await loadNamedRunbook(file, "/");
  t.strictSame(runbook.metadata, { name: "triage", title: "Triage", description: undefined, labels: {} });
  t.strictSame(Object.keys(runbook.inputs), ["from", "wait"]);
  t.strictSame(runbook.permissions, { node: { max: 2 }, exec: ["node/read"] });
  t.match(runbook.steps, [
    { uses: "script/run", form: "script", timeoutMs: 180_000, with: { file, timeout: "3m" } },
  ]);
  t.match(runbook.checks, [{ id: "c" }]);
  t.match(await checkFiles([file]), [{ kind: "runbook", error: null }]);
});

const BAD: Record<string, [string, RegExp, RegExp?]> = {
  "no export": ["export default () => 1;", /no export "runbook"/],
  "no object": ["export const runbook = [1]; export default () => 1;", /is no object/],
  "no title": [
    'export const runbook = { metadata: { name: "a" } }; export default () => 1;',
    /is not valid/,
    /title/,
  ],
  "a bad name": [
    'export const runbook = { metadata: { name: "A B", title: "t" } }; export default () => 1;',
    /is not valid/,
    /name/,
  ],
  "an unknown key": [
    'export const runbook = { metadata: { name: "a", title: "t" }, steps: [] }; export default () => 1;',
    /unknown key "steps"/,
  ],
  "a bad permission": [
    'export const runbook = { metadata: { name: "a", title: "t" }, permissions: { exek: [] } }; export default () => 1;',
    ...([/is not valid/, /exek/] as const),
  ],
  "a bad input": [
    'export const runbook = { metadata: { name: "a", title: "t" }, inputs: { x: { type: "text" } } }; export default () => 1;',
    ...([/is not valid/, /type/] as const),
  ],
  "a bad timeout": [
    'export const runbook = { metadata: { name: "a", title: "t" }, timeout: 5 }; export default () => 1;',
    /is not valid/,
    /timeout/,
  ],
  "no function": ['export const runbook = { metadata: { name: "a", title: "t" } };', /no default export/],
  "code that throws": ["null.x", /Cannot read properties of null/],
  "code that is none": ["let x = ;", /Expression expected/],
  "an import of a module": ['import "node:fs"; export default () => 1;', /Cannot import "node:fs"/],
};

t.test("what is wrong with one is said before anything is touched", async (t) => {
  for (const [name, [text, says, detail]] of Object.entries(BAD)) {
    await t.test(name, async (t) => {
      const file = write(t, text);
      await t.rejects(loadScriptRunbook(file), { message: says, where: { file }, ...(detail && { detail }) });
    });
  }
});

t.test("it calls nothing while it is only read", async (t) => {
  const file = write(t, `${GOOD}\nfor (;;) await new Promise((done) => setTimeout(done, 1000));`);
  await t.rejects(loadScriptRunbook(file, 1500), {
    code: "SCRIPT_FAILED",
    message: /did not load its modules within 1\.5 ?s/,
  });
});

const YAML = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: { name: a, title: t }
steps:
  - { id: s, script: ./s.ts, env: { A: b }, timeout: 5s }
`;

t.test("check looks at the scripts of a runbook", async (t) => {
  const dir = t.testdir({
    good: {
      "a.yaml": YAML,
      "s.ts": 'import { x } from "./x.ts";\nexport default () => x;',
      "x.ts": "export const x = 1;",
    },
    bad: { "a.yaml": YAML, "s.ts": 'export default () => 1;\nimport "../x.ts";' },
    none: { "a.yaml": YAML },
  });
  const files = ["good/a.yaml", "bad/a.yaml", "none/a.yaml", "good/s.ts"].map((name) => join(dir, name));
  const [good, bad, none, script] = await checkFiles(files);
  t.match(good, { kind: "runbook", error: null });
  t.match(bad, {
    error: { code: "DOCUMENT_INVALID", where: { file: join(dir, "bad/s.ts"), line: 2, column: 8 } },
  });
  t.match(none, { error: { code: "FILE_UNREADABLE" } });
  t.match(script, { kind: "script", error: null });
  await t.resolves(checkScripts(await loadRunbook(join(dir, "good/a.yaml"))));
});
