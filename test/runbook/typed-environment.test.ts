import t from "tap";
import { evaluate, parseRunbook, typeEnvironment } from "../../lib/runbook/index.js";
import { KINDS, runbook } from "./broken/cases.js";

const parsed = parseRunbook(
  runbook(`inputs:
  count: {type: integer, default: 2}
  ratio: {type: number, default: 2}
  wait: {type: duration, default: 90s}
  waits: {type: array, items: {type: duration}, default: [1s]}
  limit: {type: size, default: 64MiB}
  none: {type: duration}
steps:
  - {id: made, uses: text/make}
  - {id: each, uses: text/make, strategy: {matrix: {a: [1]}}}
`),
  "x.yaml",
  { kinds: KINDS },
);
const kinds = new Map([
  [
    "text/make",
    {
      name: "text/make",
      inputSchema: {},
      outputSchema: { type: "object", properties: { share: { type: "number" }, total: { type: "integer" } } },
    },
  ],
]);
const outputs = { share: 1, total: 1, more: 1 };
const data = {
  inputs: { count: 2, ratio: 2, wait: 90_000, waits: [1000], limit: 67_108_864, none: null },
  steps: {
    made: { outputs },
    each: { outputs: [{ matrix: { a: 1 }, status: "done", outputs }] },
    other: { outputs },
  },
  findings: { flows: [{ verdict: { lost: { packets: 1, of: 1, share: 1 } } }] },
};
const env = typeEnvironment(data, parsed, kinds);

t.test("a value has the type that its declaration says", async (t) => {
  const table: [string, string][] = [
    ["inputs.count", "int"],
    ["inputs.ratio", "double"],
    ["inputs.wait", "google.protobuf.Duration"],
    ["inputs.waits[0]", "google.protobuf.Duration"],
    ["inputs.limit", "int"],
    ["inputs.none", "null_type"],
    ["steps.made.outputs.share", "double"],
    ["steps.made.outputs.total", "int"],
    ["steps.made.outputs.more", "int"],
    ["steps.each.outputs[0].outputs.share", "double"],
    ["steps.other.outputs.share", "int"],
    ["findings.flows[0].verdict.lost.packets", "int"],
  ];
  for (const [source, type] of table) t.equal(evaluate(`\${{ type(${source}) }}`, env), type, source);
});

t.test("what no declaration speaks of stays as it is", async (t) => {
  const attempt = { number: 1 };
  t.equal(typeEnvironment({ attempt }, parsed, kinds).attempt, attempt);
});

t.test("and becomes data again", async (t) => {
  const table: [string, unknown][] = [
    ["${{ inputs.wait }}", "90s"],
    ["sleep ${{ inputs.wait.getSeconds() }}", "sleep 90"],
    ["${{ inputs.wait + duration('30s') == duration('2m') }}", true],
    ["${{ inputs.waits }}", ["1s"]],
    ["${{ inputs.limit / 1024 }}", 65_536],
    ["${{ inputs.limit == quantity('64Mi').asInteger() }}", true],
    ["${{ inputs.ratio / 4.0 }}", 0.5],
    ["${{ inputs.ratio }}", 2],
    ["${{ {'a': inputs.wait, 1: [inputs.count]} }}", { a: "90s", 1: [2] }],
    ["${{ steps.made.outputs.?zz }}", null],
  ];
  for (const [template, value] of table) t.same(evaluate(template, env), value, template);
  t.equal(evaluate("${{ steps.made.outputs }}", env), outputs, "data is passed on as it is");
});
