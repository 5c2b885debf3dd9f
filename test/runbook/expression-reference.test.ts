import t from "tap";
import {
  evaluate,
  evaluateOutputs,
  EXPRESSION_REFERENCE,
  interpolate,
  interpolateMatrix,
  parseRunbook,
} from "../../lib/runbook/index.js";
import { KINDS, runbook } from "./broken/cases.js";

const { functions, macros, operators, variables, notes, differences } = EXPRESSION_REFERENCE;

t.test("every example of the reference gives what it says, before the run too", async (t) => {
  for (const { signature, means, example } of [...functions, ...macros, ...operators]) {
    const [source, value] = example;
    t.same(evaluate(`\${{ ${source} }}`, {}), value, `${signature}: ${source}`);
    t.notMatch(means, /\.$/);
    const text = runbook(
      `steps:\n  - {id: a, uses: text/make, with: {any: ${JSON.stringify(`\${{ ${source} }}`)}}}`,
    );
    t.ok(parseRunbook(text, "x.yaml", { kinds: KINDS }), `${source} is checked`);
  }
  t.ok(variables.length > 5 && notes.length > 5 && differences.length > 5);
});

t.test("what a run finds wrong with values", async (t) => {
  const env = { v: { n: 1.5, big: 9e15, text: "x", none: null, list: [1], map: { a: 1 }, flag: true } };
  const table: [string, unknown][] = [
    ["timestamp('2024-99-01T00:00:00Z')", /RFC 3339/],
    ["int('x')", /no whole number/],
    ["int(1e300)", /int overflow/],
    ["double('x')", /no number/],
    ["double(2)", 2],
    ["bool('x')", /neither true nor false/],
    ["bool(v.flag)", true],
    ["'abc'.substring(5)", /no character 5 in a text of 3/],
    ["'abc'.substring(2, 1)", /no part from 2 to 1/],
    ["v.big * 9", /too large/],
    ["v.n * 1e308 * 10.0", /too large/],
    ["v.n * 1.7e308", /too large/],
    ["v.flag || v.none", true],
    ["!v.flag && v.none", false],
    ["[1, 2].all(x, x > 1)", false],
    ["v.list.map(1)", /no function list\.map\(int\)/],
    ["7 % 0", /modulus by zero/],
    ["7 / 0", /division by zero/],
    ["7 / 2", 3],
    ["-7 / 2", -3],
    ["v.n / 0.0", /too large for data/],
    ["9223372036854775807 + 1", /int overflow/],
    ["0u - 1u", /uint overflow/],
    ["v.n + 1", /no double \+ int/],
    ["timestamp(0) + duration('1.5s')", "1970-01-01T00:00:01.5Z"],
    ["b'abc'", "YWJj"],
    ["optional.none()", null],
    ["type(v.n)", "double"],
    ["-v.text", /no minus of string/],
    ["-0", 0],
    ["-v.n", -1.5],
    ["v.text + 1", /no string \+ int/],
    ["v.list < v.list", /no list < list/],
    ["v.text <= 'y' && v.text >= 'a' && v.text > 'a'", true],
    ["!v.n", /true or false is wanted/],
    ["v.none.a", /No such key: a, of null/],
    ["v.list[3]", /item 3 of a list of 1/],
    ["v.list['a']", /No such key: a/],
    ["v.list.zz", /No such key: zz/],
    ["v[1]", /No such key: 1/],
    ["v.text in v.map", false],
    ["1 in v.map", false],
    ["1 in v.text", /no int in string/],
    ["{v.n: 1}", /double can be no key/],
    ["{'__proto__': 1}", /not allowed/],
    ["has(v.text.a)", /has no properties/],
    ["v.n.all(x, true)", /a list is wanted/],
    ["v.map.map(k, k)", ["a"]],
    ["zz(1)", /no function zz\(int\)/],
    ["v.text.zz(1)", /no function string\.zz\(int\)/],
    ["v.none || true", true],
    ["v.none || false", /true or false/],
    ["[1, 2].exists(x, x == 'a' || x)", /true or false/],
    ["[1].map(x, x.y)", /No such key/],
    ["{'a': [1, {'b': 2}]} == {'a': [1, {'b': 2}]}", true],
    ["{'a': 1} == {'b': 1}", false],
    ["[1] == [1, 2]", false],
    ["[1] == {'a': 1}", false],
    ["{'a': 1} == {}", false],
    ["v.none == v.map", false],
  ];
  for (const [source, expected] of table) {
    const template = `\${{ ${source} }}`;
    if (expected instanceof RegExp) {
      t.throws(() => evaluate(template, env), { code: "EXPRESSION_INVALID", message: expected }, source);
    } else t.same(evaluate(template, env), expected, source);
  }
});

t.test("what the engine asks for", async (t) => {
  const text =
    runbook(`inputs: {list: {type: array, items: {type: string}, default: []}, n: {type: integer, required: true}, none: {type: string}}
steps:
  - {id: r, run: [ip, "\${{ inputs.list }}", "-\${{ inputs.n }}", "\${{ inputs.n }}", "\${{ inputs.none }}"], on: "node/\${{ inputs.n }}"}
  - {id: s, script: ./a.ts, timeout: 5s, env: {A: "\${{ inputs.n }}"}}
  - {id: m, uses: text/make, strategy: {matrix: {a: "\${{ inputs.list }}", b: [1, "\${{ inputs.n }}"]}}, outputs: {x: "\${{ result.count }}"}, with: {text: "\${{ inputs.none }}"}}
  - {id: w, uses: time/wait, with: {duration: 1s}}`);
  const { steps, document } = parseRunbook(text, "/x/x.yaml", { kinds: KINDS });
  const [run, script, matrix, wait] = steps as [never, never, never, never];
  const env = { inputs: { list: ["a", "b"], n: 4, none: null } };
  t.same(interpolate(run, env, document), { argv: ["ip", "a", "b", "-4", "4"], on: "node/4" });
  t.match(interpolate(script, env, document), { file: "/x/a.ts", env: { A: "4" } });
  t.same(interpolate(matrix, env, document), {});
  t.same(interpolateMatrix(matrix, env, document), { a: ["a", "b"], b: [1, 4] });
  t.same(interpolateMatrix(wait, env, document), {});
  t.same(evaluateOutputs(matrix, { ...env, result: { count: 3 } }, document), { x: 3 });
  t.throws(() => interpolateMatrix(matrix, { inputs: { list: 5 } }, document), {
    code: "EXPRESSION_INVALID",
    message: /a matrix needs a list, and this is 5/,
  });
});
