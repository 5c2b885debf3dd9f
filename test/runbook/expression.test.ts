import t from "tap";
import { evaluate, evaluateCondition, interpolateValue } from "../../lib/runbook/index.js";
import { parseDocument } from "../../lib/document/index.js";
import { parseCel } from "../../lib/cel/index.js";
import { findPatternFault, matchBounded, PatternFault } from "../../lib/cel/regex.js";
import { splitTemplate } from "../../lib/runbook/template.js";
import { fc } from "../fixtures/property.js";

const paths = [{ hops: [{ index: 0 }] }];
const env = {
  inputs: { count: 4, ratio: 1.5, name: "web", list: [1, 2, 3], none: null, on: true, text: "10.0.0.1" },
  steps: { path: { outputs: { paths } } },
};

t.test("values", async (t) => {
  const table: [string, unknown][] = [
    ["plain", "plain"],
    ["${{ inputs.count }}", 4],
    ["${{ inputs.count + 1 }}", 5],
    ["${{ 1 + inputs.count }}", 5],
    ["${{ inputs.count - 1 }}", 3],
    ["${{ inputs.count * 2 }}", 8],
    ["${{ inputs.count / 2 }}", 2],
    ["${{ inputs.count % 3 }}", 1],
    ["${{ double(inputs.count) / inputs.ratio > 2.6 }}", true],
    ["${{ inputs.count * 2 == 8 }}", true],
    ["${{ inputs.count > 3 && inputs.on }}", true],
    ["${{ 1 + 1 }}", 2],
    ["${{ [1, 'a', {'b': 2}] }}", [1, "a", { b: 2 }]],
    ["${{ inputs.list.map(x, x * 2) }}", [2, 4, 6]],
    ["${{ inputs.none }}", null],
    ["a ${{ inputs.none }} b", "a  b"],
    ["n=${{ inputs.count }}, ${{ inputs.list }}!", "n=4, [1,2,3]!"],
    ["${{ '}}' }}", "}}"],
    ['${{ "\\"}}" }}', '"}}'],
    ["${{ r'\\n' }}x", "\\nx"],
    ["${{ '''it's''' }}", "it's"],
    ["${{ {'a': {'b': 1}} }}", { a: { b: 1 } }],
    ["${{ '${{' }}", "${{"],
    ["${{ timestamp('2024-01-01T00:00:00Z') }}", "2024-01-01T00:00:00Z"],
    ["wait ${{ duration('90m') }}", "wait 5400s"],
    ["${{ r'\\' + \"}}\" }}", "\\}}"],
    ["${{ inputs.text.matches('^10[.]') }}", true],
    ["${{ ['a', 'b'].exists(x, x.matches('^b$')) }}", true],
    ["${{ has(inputs.other) ? 1 : 2 }}", 2],
  ];
  for (const [template, expected] of table) t.same(evaluate(template, env), expected, template);
  t.equal(evaluate("${{ steps.path.outputs.paths }}", env), paths, "data is passed on as it is");
  t.equal(evaluate("${{ steps.path.outputs.paths[0] }}", env), paths[0]);
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  t.equal(evaluate("${{ inputs.bare }}", { inputs: { bare } }), bare);
});

t.test("what came out is not evaluated again", async (t) => {
  const hostile = { inputs: { name: "${{ 1 + 1 }}" } };
  t.equal(evaluate("${{ inputs.name }}", hostile), "${{ 1 + 1 }}");
  t.equal(evaluate("x ${{ inputs.name }}", hostile), "x ${{ 1 + 1 }}");
});

t.test("errors", async (t) => {
  const bad: [string, RegExp][] = [
    ["${{ inputs.other }}", /No such key: other/],
    ["${{ inputs.__proto__ }}", /No such key/],
    ["${{ inputs.name.constructor }}", /No such key/],
    ["${{ process.env }}", /there is no process here/],
    ["${{ 1 +", /has no }}/],
    ["${{ 'x }}", /has no }}/],
    ["${{ duration('3') }}", /no duration with units/],
    ["${{ 9007199254740993 }}", /too large for data/],
    ["${{ 9223372036854775808 }}", /too large/],
    ["${{ 1 / 0 }}", /zero/],
    ["${{ inputs.name.matches('(?=a)') }}", /no regular expression of RE2/],
    ["${{ inputs.name.matches('(') }}", /no regular expression/],
    [`\${{ ${"1+".repeat(3000)}1 }}`, /more than 4096/],
  ];
  for (const [template, message] of bad) {
    t.throws(
      () => evaluate(template, env),
      { code: "EXPRESSION_INVALID", exitCode: 2, message },
      template.slice(0, 60),
    );
  }
  const document = parseDocument("a:\n  if: ${{ inputs.name }}\n", "x.yaml");
  const subject = { if: "${{ inputs.name }}", path: ["a"] };
  t.throws(() => evaluateCondition(subject, env, document), {
    code: "EXPRESSION_INVALID",
    message: /must be true or false, is "web"/,
    where: { file: "x.yaml", line: 2, column: 7 },
    detail: /\^/,
  });
});

t.test("a key whose expression is null is left out", async (t) => {
  const document = parseDocument("a: 1", "x.yaml");
  const value = {
    a: "${{ inputs.none }}",
    b: ["${{ inputs.none }}", { c: "${{ inputs.count }}" }],
    d: null,
    e: 1,
  };
  t.same(interpolateValue(value, env, { document, path: [] }), { b: [null, { c: 4 }], d: null, e: 1 });
});

t.test("compiled expressions are kept, not for ever", async (t) => {
  const first = parseCel("1 + 2");
  t.equal(parseCel("1 + 2"), first);
  for (let index = 0; index < 1001; index++) parseCel(`1 + ${index} + 3`);
  t.not(parseCel("1 + 2"), first);
});

t.test("patterns are kept, not for ever", async (t) => {
  for (let index = 0; index < 401; index++) t.equal(matchBounded(`a${index}`, `^a${index}$`), true);
  t.equal(matchBounded("a0", "^a0$"), true, "one that was dropped is read again");
});

t.test("plain data survives any text around it", async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, value) => {
      fc.pre(!before.includes("${{") && !/[$]$|[$][{]$/.test(before));
      return evaluate(`${before}\${{ inputs.v }}`, { inputs: { v: value } }) === before + value;
    }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => evaluate("${{ inputs.v }}", { inputs: { v: value } }) === value),
  );
});

t.test("a template's parts add up to it", async () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("$", "{", "}", "${{", "}}", "'", '"', "\\", "a") }),
      (template) => {
        let parts;
        try {
          parts = splitTemplate(template);
        } catch {
          return true;
        }
        const text = parts
          .map((part) => (part.kind === "text" ? part.text : `\${{${part.source}}}`))
          .join("");
        return text === template;
      },
    ),
  );
});

t.test("regular expressions are RE2's, and bounded", async (t) => {
  for (const pattern of ["a".repeat(257), "[", "((", `(${"a".repeat(240)}){1000}`, "((a{30}){30}){30}"]) {
    t.type(findPatternFault(pattern), PatternFault, pattern.slice(0, 20));
  }
  for (const pattern of ["(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>", "(?>a)b"]) {
    const fault = findPatternFault(pattern);
    t.match(fault, { message: /no regular expression of RE2/, suggestion: /no backreference/ }, pattern);
  }
  for (const pattern of [
    "(a+)+",
    "(a|b)*",
    "((a?)b)*",
    "(?<n>a+)+",
    "^[0-9]+[.][0-9]+$",
    "^/[!-~]{0,1000}$",
    "(?i)é",
  ]) {
    t.equal(findPatternFault(pattern), undefined, pattern);
  }
  t.equal(matchBounded("abc", "^a"), true);
  t.equal(matchBounded("abc", "^b"), false);
  t.equal(matchBounded("a".repeat(10_000), "(a+)+b"), false, "in linear time");
  t.throws(() => matchBounded("a".repeat(10_000), "(a|b|c){900}"), /10000 characters, too many/);
});
