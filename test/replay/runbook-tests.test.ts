import t, { type Test } from "tap";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "tap-parser";
import { newRunbook } from "../../lib/catalogue/new.js";
import { renderTests } from "../../lib/replay/report-tests.js";
import { runRunbookTests, type TestReport } from "../../lib/replay/runbook-tests.js";
import { checkFiles } from "../../lib/catalogue/check.js";

const signal = new AbortController().signal;
const terminal = { color: false, unicode: true };

async function setUp(
  t: Test,
  cases: string,
): Promise<{ dir: string; run: () => Promise<TestReport>; file: string }> {
  const dir = t.testdir({});
  const { test } = await newRunbook({ name: "my-trace", dir });
  if (cases !== "") {
    const head = "apiVersion: hopbook.dev/v1\nkind: RunbookTest\n";
    writeFileSync(test, `${head}cases:\n${cases}`);
  }
  return { dir, file: test, run: () => runRunbookTests({ files: [test], cwd: dir, signal }) };
}

t.test("a new runbook is valid, and its test passes", async (t) => {
  const { dir, run } = await setUp(t, "");
  const files = ["my-trace.yaml", "my-trace.test.yaml"].map((name) => join(dir, "runbooks", name));
  t.strictSame(
    (await checkFiles(files)).map(({ error }) => error),
    [null, null],
  );
  const report = await run();
  t.match(report, { passed: 2, failed: 0, cases: [{ ok: true, line: 9 }, { ok: true }] });
  const text = readFileSync(files[0] ?? "", "utf8");
  await t.rejects(newRunbook({ name: "my-trace", dir }), {
    code: "ARTIFACTS_UNWRITABLE",
    message: /there already/,
  });
  t.equal(readFileSync(files[0] ?? "", "utf8"), text, "nothing is written over");
  writeFileSync(join(dir, "runbooks/half.test.yaml"), "mine");
  await t.rejects(newRunbook({ name: "half", dir }), { code: "ARTIFACTS_UNWRITABLE" });
  t.notOk(existsSync(join(dir, "runbooks/half.yaml")), "both or neither");
  for (const name of ["../x", "", "A", "-x", "a/b", "x".repeat(80)])
    await t.rejects(newRunbook({ name, dir }), { code: "USAGE" }, name);
});

const FAILING = `
- name: "expects too much # of it"
  recording: example:policy-drop
  expect:
    checks: { delivered: pass, nothing: fail }
    findings: { flows: [{ verdict: { status: delivered } }] }
    exitCode: 0
- name: passes
  recording: example:policy-drop
  expect: { checks: { delivered: fail }, exitCode: 3 }
- name: "is refused <as> expected"
  recording: example:healthy
  inputs: { probe: [ping] }
  expect: { error: RECORDING_MISSING, exitCode: 2 }
- name: is refused
  recording: ./nowhere
  expect: { checks: { delivered: pass } }
`;

t.test("differences are told, one line each, by every reporter", async (t) => {
  const { run, file } = await setUp(t, FAILING);
  const report = await run();
  t.match(report, { passed: 2, failed: 2 });
  t.strictSame(report.cases[0]?.differences, [
    'checks.delivered: expected "pass", got "fail"',
    'checks.nothing: expected "fail", got nothing',
    "flows: expected 1 items, got 2",
    'flows[0].verdict.status: expected "delivered", got "lost"',
    "exitCode: expected 0, got 3",
  ]);
  t.match(report.cases[3]?.differences, [/error: expected none, got FILE_UNREADABLE/]);
  const tap = renderTests(report, { reporter: "tap", terminal });
  const read = await new Promise<Parser>((resolve) => {
    const parser = new Parser({ strict: true }, () => resolve(parser));
    parser.end(tap);
  });
  t.match(read, { count: 4, pass: 2, fail: 2 });
  t.strictSame(
    read.failures.filter((failure) => failure.tapError),
    [],
    "strict TAP",
  );
  t.match(read.failures[0], {
    name: /expects too much # of it/,
    diag: { differences: { length: 5 }, at: { file, line: 5 } },
  });
  const junit = renderTests(report, { reporter: "junit", terminal });
  t.match(junit, /tests="4" failures="2" errors="0"/);
  t.match(junit, /name="is refused &lt;as&gt; expected"/);
  const xmllint = spawnSync("python3", ["-c", "import sys, xml.dom.minidom as m; m.parse(sys.stdin)"], {
    input: junit,
  });
  if (xmllint.error === undefined) t.equal(xmllint.status, 0, String(xmllint.stderr));
  t.match(
    renderTests(report, { reporter: "text", terminal }),
    /✗ .*too much[^]*expected "pass", got "fail"[^]*2 passed, 2 failed/,
  );
});

t.test("a test file that is wrong is told at its place, before anything runs", async (t) => {
  const wrong: [string, RegExp][] = [
    ["- {name: a, recording: x, expect: {exitCode: 7}}\n", /:4:\d+.*exitCode/s],
    ["- {name: a, recording: x, expect: {}}\n", /:4:/],
    ["- {name: a, recording: x, expects: {}}\n", /did you mean|expect/],
    ["- {name: a, recording: x, expect: {error: NO_SUCH}}\n", /no error code NO_SUCH/],
    ["- {name: a, recording: x, expect: {checks: {c: fails}}}\n", /fails/],
    [
      "- {name: a, recording: x, expect: {exitCode: 0}}\n- {name: a, recording: y, expect: {exitCode: 0}}\n",
      /:5:.*already/s,
    ],
  ];
  for (const [cases, detail] of wrong) {
    const { run } = await setUp(t, cases);
    const error = await run().catch((thrown: unknown) => thrown);
    t.match(error, { code: "DOCUMENT_INVALID" });
    t.match((error as { detail: string }).detail, detail, cases);
  }
});
