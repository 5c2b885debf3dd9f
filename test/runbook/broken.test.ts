import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { PROBLEM_RULES } from "../../lib/document/index.js";
import { checkRunbook, parseRunbook } from "../../lib/runbook/index.js";
import { HEAD, KINDS, runbook, type BrokenCase } from "./broken/cases.js";
import { EXPRESSION_CASES } from "./broken/expressions.js";
import { FILE_CASES } from "./broken/file.js";
import { INPUT_CASES } from "./broken/inputs.js";
import { SECRET_CASES } from "./broken/secrets.js";
import { STEP_CASES } from "./broken/steps.js";
import { WAITING_CASES } from "./broken/waiting.js";

const MARK = "»";

const SUITES: Record<string, readonly BrokenCase[]> = {
  file: FILE_CASES,
  inputs: INPUT_CASES,
  steps: STEP_CASES,
  expressions: EXPRESSION_CASES,
  waiting: WAITING_CASES,
  secrets: SECRET_CASES,
};
const all = Object.values(SUITES).flat();

function errorOf(body: () => unknown): unknown {
  try {
    body();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What is wrong with a text, as it is told; where it was accepted, that. */
function tellOf(text: string): object {
  const error = errorOf(() => parseRunbook(text, "x.yaml", { kinds: KINDS }));
  if (!(error instanceof HopbookError)) return { accepted: text };
  const { code, where, detail = "", problems = [] } = error;
  return { code, where, detail, problems: problems.length, problem: problems[0] };
}

for (const [suite, cases] of Object.entries(SUITES)) {
  t.test(suite, async (t) => {
    for (const [name, rule, marked, says] of cases) {
      const [before = "", after, ...more] = marked.split(MARK);
      t.ok(after !== undefined && more.length === 0, `${name}: one place is marked`);
      const text = `${before}${after}`;
      const [line, column] = [before.split("\n").length, before.length - before.lastIndexOf("\n")];
      const told = tellOf(text);
      const problem = { line, column, rule };
      // One, and none that follows from it.
      t.match(
        told,
        {
          ...{ code: "DOCUMENT_INVALID", where: { file: "x.yaml", line, column }, problems: 1, problem },
          detail: `x.yaml:${line}:${column}: `,
        },
        name,
      );
      if (says !== undefined) t.match(told, { detail: says }, name);
      // The two steps on their own find the same: nobody has to know which of them to call.
      const again = errorOf(() => checkRunbook(parseRunbook(text, "x.yaml"), KINDS));
      t.match(again, { code: "DOCUMENT_INVALID", where: { line, column } }, `${name}, in two steps`);
    }
  });
}

t.test("the table", async (t) => {
  t.ok(all.length >= 300, `${all.length} cases`);
  t.equal(new Set(all.map(([, , yaml]) => yaml)).size, all.length, "no case twice");
  const known = PROBLEM_RULES.map(({ id }) => id);
  const shown = new Set(all.map(([, rule]) => rule));
  // What a text cannot show: bytes, sizes, the kind that decides which schema is meant; what permissions judge.
  const elsewhere = ["file-size", "unknown-kind", "refused-step"];
  t.same(
    known.filter((rule) => !shown.has(rule) && !elsewhere.includes(rule)),
    [],
    "every rule has a case",
  );
});

t.test("objects of the engine may be chosen by an expression each", async (t) => {
  const text = runbook('steps: [{id: a, uses: flow/take, with: {flows: ["${{ inputs }}"]}}]');
  t.match(
    errorOf(() => parseRunbook(text, "x.yaml", { kinds: KINDS })),
    undefined,
  );
});

t.test("all problems at once, in the order of the lines, whatever finds them", async (t) => {
  const text = `${HEAD}inputs:
  n: {type: integer, default: x}
  m: {type: strng}
steps:
  - {id: a, uses: time/wait, tiemout: 5s, with: {duration: "\${{ inputs.k }}"}}
  - {id: a, uses: time/wiat}
  - {id: b, uses: text/make, with: {count: x, text: "\${{ inputs.n + inputs.m }}"}, needs: [c]}
  - {uses: text/make}
checks:
  - {id: c, outcomes: [{pass: {message: "\${{ steps.b.outputs.cuont }} \${{ steps.z }}"}}]}
  - {id: d, outcomes: [{psas: {message: m}}]}
`;
  const error = errorOf(() => parseRunbook(text, "x.yaml", { kinds: KINDS }));
  if (!(error instanceof HopbookError)) throw new Error("it was accepted");
  t.same(
    error.problems?.map(({ line, rule }) => `${line} ${rule}`),
    [
      "5 invalid-default",
      "6 not-allowed-value",
      "8 unknown-key",
      "8 unknown-input",
      "9 duplicate-id",
      "9 unknown-step-kind",
      "10 wrong-type",
      "10 unknown-step",
      "11 missing-key",
      "13 unknown-output",
      "13 unknown-step",
      "14 unknown-key",
    ],
    error.detail ?? "",
  );
});

t.test("what is fine is accepted", async (t) => {
  const WAIT = "uses: time/wait, with: {duration: 1s}";
  const text = runbook(`inputs:
  from: {type: string, required: true}
  maybe: {type: string}
  unsure: {type: boolean}
  many: {type: array, items: {type: string}, default: []}
  time: {type: duration, default: 1s}
permissions: {exec: [runtime/*]}
steps:
  - {id: path, uses: path/discover, with: {from: "\${{ inputs.from }}", to: "\${{ inputs.many }}"}}
  - {id: wait, uses: time/wait, with: {duration: "\${{ inputs.time + inputs.time + duration('3s') }}"}}
  - {id: bg, background: true, uses: text/make, with: {any: "\${{ steps.path.outputs.tools.x.y.z }}"}}
  - {id: each, uses: text/make, strategy: {matrix: {pod: "\${{ inputs.many }}", n: [1, 2]}, maxParallel: 2}, with: {text: "\${{ matrix.pod }}", count: "\${{ matrix.n }}"}, if: "\${{ matrix.n < 2 }}"}
  - {id: run, run: [ip, "\${{ inputs.many }}", "-\${{ inputs.time }}", "\${{ inputs.maybe }}"], on: "\${{ inputs.from }}", needs: [wait]}
  - {id: script, script: ./a.ts, env: {A: "\${{ inputs.time }}"}, outputs: {x: "\${{ result.anything.at.all }}"}}
  - {id: join, wait: [bg]}
  - {id: later, ${WAIT}, if: "\${{ steps.bg.outputs.count > 1 && inputs.maybe != null && has(steps.script.outputs.x) }}"}
  - {id: outputs, uses: text/make, with: {text: "\${{ inputs.maybe }}"}, outputs: {all: "\${{ result.lines }}", sum: "\${{ result.count + 1 }}"}}
  - {id: use, uses: text/make, with: {names: "\${{ steps.outputs.outputs.all }}", count: "\${{ steps.outputs.outputs.sum }}", mode: "\${{ steps.outputs.outputs.mode }}"}}
finally:
  - {id: end, cancel: [bg]}
  - {id: last, uses: text/make, needs: [path], with: {any: "\${{ steps.each.outputs.filter(o, o.status == 'done').map(o, o.outputs.count) }}"}}
checks:
  - id: c
    outcomes:
      - fail: {if: "\${{ findings.flows.exists(f, f.verdict.cause != null && f.verdict.cause.code == 'x') }}", message: "\${{ findings.flows.map(f, f.id).join(', ') }}"}
      - pass: {if: "\${{ steps.bg.outputs.ok && findings.run.complete }}", message: fine}`);
  const parsed = parseRunbook(text, "x.yaml", { kinds: KINDS });
  t.equal(parsed.steps.length, 10);
  checkRunbook(parsed, KINDS);
});

t.test("a secret is for the env of a script, and may be asked about", async (t) => {
  const text = runbook(`inputs:
  token: {type: string, secret: true}
  pins: {type: array, items: {type: string}, secret: true, default: []}
  name: {type: string, default: web}
steps:
  - {id: script, script: ./a.ts, env: {TOKEN: "\${{ inputs.token }}", PIN: "\${{ inputs['token'] }}"}}
  - {id: asked, uses: text/make, if: "\${{ inputs.token != null && inputs.pins.size() > 0 }}"}
  - {id: shown, uses: text/make, with: {flag: "\${{ inputs.pins.exists(p, p == 'a') }}", text: "\${{ inputs.name }}"}}
  - {id: either, uses: text/make, with: {text: "\${{ has(inputs.token) ? 'given' : inputs['name'] }}"}}
  - {id: begins, uses: text/make, with: {flag: "\${{ !(inputs.token == '') || dyn(inputs.name).startsWith('a') }}"}}
checks:
  - {id: c, outcomes: [{pass: {if: "\${{ inputs.token == null }}", message: "for \${{ inputs.name }}"}}]}`);
  t.equal(parseRunbook(text, "x.yaml", { kinds: KINDS }).steps.length, 5);
});
