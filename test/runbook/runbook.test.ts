import t from "tap";
import { readFile } from "node:fs/promises";
import { parseDocument } from "../../lib/document/index.js";
import {
  evaluateChecks,
  evaluateCondition,
  findKindProblems,
  findRunbook,
  interpolate,
  listRunbooks,
  loadRunbook,
  parseRunbook,
} from "../../lib/runbook/index.js";

const HEAD = "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: x, title: X}\n";
const BUILT_IN = new URL("../../runbooks/trace-path.yaml", import.meta.url);

t.test("the runbook that comes with hopbook loads", async (t) => {
  const runbook = parseRunbook(await readFile(BUILT_IN, "utf8"), "trace-path.yaml");
  t.equal(runbook.metadata.name, "trace-path");
  t.ok(runbook.steps.length > 3);
  t.same(
    runbook.steps.map(({ path }) => path),
    runbook.steps.map((_, index) => ["steps", index]),
  );
});

t.test("what is left out has its default", async (t) => {
  const runbook = parseRunbook(`${HEAD}steps:\n  - {id: a, uses: time/wait}\n`, "x.yaml");
  t.match(runbook, {
    inputs: {},
    permissions: {},
    checks: [],
    finally: [],
    metadata: { labels: {}, description: undefined },
  });
  t.match(runbook.steps[0], {
    with: {},
    if: undefined,
    name: undefined,
    timeoutMs: null,
    continueOnError: false,
  });
});

t.test("what is written is kept", async (t) => {
  const text = `${HEAD}permissions: {exec: [node/read]}
steps:
  - {id: a, name: N, uses: time/wait, timeout: 1.5s, continueOnError: true, with: {k: [1, {m: null}]}}
finally:
  - {id: b, uses: time/wait, if: "\${{ has(steps.a) }}"}
checks:
  - {id: c, title: T, outcomes: [{warn: {message: m, uri: "https://example.org/x"}}]}
`;
  const runbook = parseRunbook(text, "x.yaml");
  t.match(runbook.steps[0], {
    name: "N",
    timeoutMs: 1500,
    continueOnError: true,
    with: { k: [1, { m: null }] },
  });
  t.same(runbook.finally[0]?.path, ["finally", 0]);
  t.match(runbook.checks[0], { title: "T", outcomes: [{ status: "warn", uri: "https://example.org/x" }] });
  t.equal(evaluateCondition({ if: undefined, path: [] }, {}, runbook.document), true);
  t.equal(evaluateCondition(runbook.finally[0] as never, { steps: { a: {} } }, runbook.document), true);
  t.same(interpolate(runbook.steps[0] as never, {}, runbook.document), { k: [1, { m: null }] });
});

t.test("values with expressions are let through, whatever the kind's schema says", async (t) => {
  const text = `${HEAD}inputs: {n: {type: integer}}\nsteps:\n  - {id: a, uses: time/wait, with: {n: "\${{ inputs.n }}", list: ["\${{ inputs.n }}", 1]}}\n`;
  const inputSchema = {
    type: "object",
    properties: { n: { type: "integer" }, list: { type: "array", items: { type: "integer" } } },
  };
  t.same(findKindProblems(parseRunbook(text, "x.yaml"), [{ name: "time/wait", inputSchema }]), []);
});

t.test("checks: the first outcome that holds", async (t) => {
  const text = `${HEAD}steps: [{id: a, uses: time/wait}]
checks:
  - id: c
    outcomes:
      - fail: {if: "\${{ findings.flows.size() > 2 }}", message: "\${{ findings.flows.size() }} of them", uri: "https://example.org/fail"}
      - warn: {if: "\${{ findings.flows.size() == 2 }}", message: "\${{ findings.flows.size() }}"}
      - pass: {if: "\${{ findings.flows.size() == 0 }}", message: none}
  - id: always
    outcomes: [{pass: {message: ok}}]
`;
  const runbook = parseRunbook(text, "x.yaml");
  const ask = (n: number) => evaluateChecks(runbook, { findings: { flows: Array<null>(n).fill(null) } })[0];
  t.same(ask(3), { id: "c", status: "fail", message: "3 of them (see https://example.org/fail)" });
  t.same(ask(2), { id: "c", status: "warn", message: "2" });
  t.same(ask(1), { id: "c", status: "skipped", message: "no outcome's condition holds" });
  t.same(ask(0), { id: "c", status: "pass", message: "none" });
  t.match(evaluateChecks(runbook, {})[0], { status: "incomplete", message: /there is no findings here/ });
  t.match(evaluateChecks(runbook, {})[1], { status: "pass" }, "one check's failure is not the others'");
});

t.test("folders of runbooks", async (t) => {
  const good = `${HEAD}steps: [{id: a, uses: time/wait}]\n`;
  const root = t.testdir({
    one: { "b.yaml": good, "a.yml": "kind: [", "note.md": "", sub: { "c.yaml": good } },
    two: { "b.yaml": "second", "trace-path.yaml": good },
  });
  const dirs = [`${root}/one`, `${root}/missing`, `${root}/two`];
  const entries = await listRunbooks(dirs);
  t.match(entries, [
    { name: "a", title: /^not valid: /, runbook: null, error: { code: "DOCUMENT_INVALID" } },
    { name: "b", title: "X", file: `${root}/one/b.yaml`, error: null },
    { name: "trace-path", file: `${root}/two/trace-path.yaml` },
  ]);
  t.equal(entries.length, 3);
  t.equal(await findRunbook("trace-path", dirs), `${root}/two/trace-path.yaml`);
  t.equal(await findRunbook(`${root}/one/a.yml`, dirs), `${root}/one/a.yml`);
  t.match(await loadRunbook(await findRunbook("b", dirs)), { metadata: { title: "X" } });
  await t.rejects(findRunbook("trace-pth", dirs), {
    code: "RUNBOOK_NOT_FOUND",
    hint: "Did you mean trace-path?",
    detail: "runbooks: a, b, trace-path",
  });
  await t.rejects(findRunbook("zzzzzz", dirs), { code: "RUNBOOK_NOT_FOUND", hint: /hopbook list/ });
  const nothing = {
    code: "RUNBOOK_NOT_FOUND",
    message: /none has that name/,
    detail: `no runbooks in ${root}/missing`,
  };
  await t.rejects(findRunbook("b", [`${root}/missing`]), nothing);
  await t.rejects(findRunbook("./no.yaml", dirs), { code: "RUNBOOK_NOT_FOUND", message: /no such file/ });
  await t.rejects(loadRunbook(`${root}/one/none.yaml`), { code: "FILE_UNREADABLE" });
});

t.test("an error in a folded value points at its line", async (t) => {
  const document = parseDocument("with:\n  a: >-\n    one\n    ${{ inputs.nope }}\n", "x.yaml");
  const step = {
    ...(parseRunbook(`${HEAD}steps: [{id: a, uses: time/wait}]\n`, "y.yaml").steps[0] as object),
  };
  const folded = { ...step, with: document.data && (document.data as { with: object }).with, path: [] };
  t.throws(() => interpolate(folded as never, { inputs: {} }, document), {
    code: "EXPRESSION_INVALID",
    where: { file: "x.yaml", line: 4, column: 16 },
    message: /No such key: nope/,
  });
});
