import t from "tap";
import { readdirSync } from "node:fs";
import {
  assertValid,
  invalid,
  nearest,
  nearestFew,
  parseDocument,
  validateDocument,
  validateValue,
  type Problem,
  type SchemaName,
} from "../../lib/document/index.js";
import { editDistance } from "../../lib/document/nearest.js";

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: {
    name: { type: "string", minLength: 2, maxLength: 5, pattern: "^[a-z]+$", examples: ["web"] },
    plain: { type: "string", pattern: "^x" },
    wait: { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$" },
    size: { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?(B|kB|MB|GB|KiB|MiB|GiB)$" },
    mode: { enum: ["fast", "slow", 3] },
    count: { type: "integer", minimum: 1, maximum: 9 },
    part: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1, multipleOf: 0.25 },
    either: { type: ["string", "null"] },
    list: { type: "array", minItems: 1, maxItems: 2, uniqueItems: true, items: { type: "integer" } },
    map: {
      type: "object",
      minProperties: 1,
      maxProperties: 2,
      propertyNames: { pattern: "^[a-z]+$" },
      additionalProperties: { type: "integer" },
    },
    short: { type: "object", propertyNames: { maxLength: 2 } },
    closed: { type: "object", additionalProperties: false },
    pair: {
      type: "object",
      dependentRequired: { a: ["b"] },
      properties: { a: {}, b: {} },
      unevaluatedProperties: false,
    },
    cond: {
      type: "object",
      properties: { a: { type: "boolean" }, b: {} },
      if: { properties: { a: { const: true } }, required: ["a"] },
      then: { required: ["b"] },
    },
    never: false,
    notThree: { not: { const: 3 } },
    step: { oneOf: [{ $ref: "#/$defs/wait" }, { $ref: "#/$defs/ping" }, { type: "string" }] },
    steps: { type: "array", items: { $ref: "#/$defs/any" } },
    value: { anyOf: [{ type: "integer" }, { type: "array", items: { type: "integer" } }] },
    twice: { oneOf: [{ type: "integer" }, { type: "number" }] },
    keys: {
      anyOf: [
        { type: "object", required: ["a"], properties: { a: { type: "integer" } } },
        { type: "object", required: ["b"], properties: { b: {} } },
      ],
    },
    top: { anyOf: [{ const: 1 }, { const: 2 }] },
    "a/b~c": { type: "integer" },
  },
  $defs: {
    any: { anyOf: [{ $ref: "#/$defs/wait" }, { $ref: "#/$defs/ping" }] },
    wait: {
      type: "object",
      required: ["kind"],
      additionalProperties: false,
      properties: {
        kind: { const: "wait" },
        for: {
          anyOf: [
            { type: "integer" },
            { type: "object", additionalProperties: false, properties: { ms: { type: "integer" } } },
          ],
        },
      },
    },
    ping: {
      type: "object",
      required: ["kind"],
      additionalProperties: false,
      properties: { kind: { const: "ping" }, to: { type: "string" } },
    },
  },
};

/** The one problem of `name: web` with something beside it. */
const CASES: [string, object, (string | number)[], RegExp, string?][] = [
  ["unknown key", { nam: 1 }, ["nam"], /^unknown key "nam"$/],
  ["missing key", { name: undefined }, [], /^the document lacks the key "name"$/],
  ["type", { count: "x" }, ["count"], /^"count" must be a whole number, is "x"$/],
  ["types", { either: 3 }, ["either"], /^"either" must be text or empty, is the number 3$/],
  ["type of nothing", { count: null }, ["count"], /is empty$/],
  ["type of a list", { count: [1] }, ["count"], /is a list$/],
  ["type of an empty list", { count: [] }, ["count"], /is an empty list$/],
  ["type of a mapping", { count: {} }, ["count"], /is a mapping$/],
  ["type of a boolean", { count: true }, ["count"], /is the boolean true$/],
  ["enum", { mode: "fsat" }, ["mode"], /one of "fast", "slow" or 3, is "fsat"$/, 'did you mean "fast"?'],
  ["enum, far", { mode: 7 }, ["mode"], /is the number 7$/],
  ["pattern", { plain: "y" }, ["plain"], /^"plain" must match \^x, is "y"$/],
  ["pattern with an example", { name: "Web" }, ["name"], /must match/, 'as in "web"'],
  ["duration", { wait: "5" }, ["wait"], /a duration with a unit, is "5"$/, "write the unit, as in 5s"],
  ["duration that is a word", { wait: "long" }, ["wait"], /is "long"$/, "write the unit, as in 30s"],
  ["duration that is a number", { wait: 5 }, ["wait"], /is the number 5$/, "write the unit, as in 5s"],
  ["duration that is a list", { wait: [5] }, ["wait"], /a duration with a unit, is a list$/],
  ["size", { size: 100 }, ["size"], /a size with a unit/, "write the unit, as in 100MiB"],
  ["minLength", { name: "w" }, ["name"], /at least 2 characters/],
  ["maxLength", { name: "webweb" }, ["name"], /at most 5 characters/],
  ["minimum", { count: 0 }, ["count"], /at least 1, is the number 0/],
  ["maximum", { count: 10 }, ["count"], /at most 9/],
  ["exclusiveMinimum", { part: 0 }, ["part"], /more than 0/],
  ["exclusiveMaximum", { part: 1 }, ["part"], /less than 1/],
  ["multipleOf", { part: 0.3 }, ["part"], /multiple of 0\.25/],
  ["minItems", { list: [] }, ["list"], /at least 1 item$/],
  ["maxItems", { list: [1, 2, 3] }, ["list"], /at most 2 items/],
  ["uniqueItems", { list: [1, 1] }, ["list"], /same item twice \(items 1 and 2\)/],
  ["an item", { list: [1, "x"] }, ["list", 1], /^item 2 of "list" must be a whole number/],
  ["minProperties", { map: {} }, ["map"], /at least 1 key$/],
  ["maxProperties", { map: { a: 1, b: 2, c: 3 } }, ["map"], /at most 2 keys/],
  ["propertyNames", { map: { "A!": 1 } }, ["map", "A!"], /^the key "A!" does not match/],
  ["propertyNames, length", { short: { abc: 1 } }, ["short", "abc"], /^the key "abc" must NOT have more/],
  ["no key at all", { closed: { a: 1 } }, ["closed", "a"], /unknown key/, "no key is allowed here"],
  ["dependentRequired", { pair: { a: 1 } }, ["pair"], /"pair" has "a", which needs "b"/],
  ["unevaluatedProperties", { pair: { c: 1 } }, ["pair", "c"], /unknown key "c"/],
  ["if and then", { cond: { a: true } }, ["cond"], /^"cond" lacks the key "b"$/],
  ["false", { never: 1 }, ["never"], /"never" is not allowed here/],
  ["not", { notThree: 3 }, ["notThree"], /must not be the number 3/],
  ["oneOf by type", { step: 3 }, ["step"], /^"step" must be a mapping or text, is the number 3$/],
  [
    "oneOf by its tag",
    { step: { kind: "ping", too: "x" } },
    ["step", "too"],
    /unknown key "too"/,
    'did you mean "to"?',
  ],
  [
    "oneOf of no known tag",
    { step: { kind: "pin" } },
    ["step", "kind"],
    /must be one of "wait" or "ping", is "pin"/,
  ],
  ["oneOf without its tag", { step: {} }, ["step"], /^"step" lacks the key "kind"$/],
  [
    "nested alternatives",
    { step: { kind: "wait", for: "x" } },
    ["step", "for"],
    /^"for" must be a whole number or a mapping, is "x"$/,
  ],
  [
    "nested alternatives, deeper",
    { step: { kind: "wait", for: { s: 1 } } },
    ["step", "for", "s"],
    /unknown key "s"/,
  ],
  [
    "alternatives behind a $ref",
    { steps: [{ kind: "ping", to: 3 }] },
    ["steps", 0, "to"],
    /^"to" must be text, is the number 3$/,
  ],
  ["anyOf", { value: ["x"] }, ["value", 0], /^item 1 of "value" must be a whole number, is "x"$/],
  ["fits twice", { twice: 3 }, ["twice"], /fits more than one/],
  ["the nearest form", { keys: { a: "x" } }, ["keys", "a"], /must be a whole number/],
  ["constants", { top: 3 }, ["top"], /"top" must be one of 1 or 2, is the number 3/],
  ["a key with a slash", { "a/b~c": "x" }, ["a/b~c"], /must be a whole number/],
];

for (const [name, change, path, message, suggestion] of CASES) {
  t.test(name, async (t) => {
    const value = JSON.parse(JSON.stringify({ name: "web", ...change })) as unknown;
    const problems = validateValue(value, SCHEMA);
    t.equal(problems.length, 1, JSON.stringify(problems));
    t.same(problems[0]?.path, path);
    t.match(problems[0]?.message, message);
    if (suggestion !== undefined) t.equal(problems[0]?.suggestion, suggestion);
  });
}

t.test("what is beside an alternative is still said, each thing once", async (t) => {
  const value = {
    nmae: "x",
    step: 3,
    count: "x",
    steps: [
      { kind: "ping", to: 3 },
      { kind: "wait", for: "x" },
    ],
    mode: "fast",
  };
  t.same(
    validateValue(value, SCHEMA)
      .map(({ path }) => path.join("."))
      .sort(),
    ["count", "nmae", "step", "steps.0.to", "steps.1.for"],
  );
  t.same(validateValue({ name: "web" }, SCHEMA), []);
});

t.test("a key that is already there is not what was meant", async (t) => {
  t.match(validateValue({ name: "web", nam: 1 }, SCHEMA), [
    { message: /unknown key "nam"/, suggestion: /^allowed: / },
  ]);
});

t.test("a schema may be a type alone, and carry an $id", async (t) => {
  t.match(validateValue(3, { $id: "https://example.org/s", type: "string" }), [
    { path: [], message: /the document must be text/ },
  ]);
  t.match(validateValue(3, { $id: "https://example.org/s", type: "boolean" }), [
    { message: /true or false/ },
  ]);
  t.match(validateValue(["x"], { type: "array", items: { type: "integer" } }), [
    { message: /^item 1 must be/ },
  ]);
  t.match(validateValue(3, { anyOf: [{ type: "string" }, { type: "null" }] }), [
    { message: "the document must be text or empty, is the number 3" },
  ]);
  t.throws(() => validateValue(3, { type: "strng" }), {
    code: "INTERNAL",
    message: /Cannot compile the schema/,
  });
  t.throws(() => validateValue(3, { typo: 1 }), { code: "INTERNAL" }, "ajv is strict");
});

t.test("every schema of the package compiles and refuses a list", async (t) => {
  const names = readdirSync(new URL("../../schemas/", import.meta.url)).filter((name) =>
    name.endsWith(".json"),
  );
  t.ok(names.includes("runbook.json"));
  for (const name of ["runbook", "hop-recipe", "cni-evidence", "cluster-profile", "findings"].filter((one) =>
    names.includes(`${one}.json`),
  )) {
    const document = parseDocument("- a\n", "x.yaml");
    t.match(
      [...validateDocument(document, name as SchemaName)],
      [{ path: [], message: /must be a mapping/ }],
      name,
    );
    t.throws(() => assertValid<unknown>(document, name as SchemaName), {
      code: "DOCUMENT_INVALID",
      where: { file: "x.yaml", line: 1, column: 1 },
    });
  }
  t.throws(() => validateDocument(parseDocument("a: 1", "x.yaml"), "no-such" as SchemaName), {
    code: "INTERNAL",
    message: /no-such\.json/,
  });
});

t.test("what a person sees", async (t) => {
  const text = `a: 1\n\tb\u202e: \u200bx\n${"long".repeat(60)}: here\n`;
  const document = {
    file: "x.yaml",
    text,
    data: {},
    locate: (path: readonly (string | number)[]) => ({ line: Number(path[0]), column: Number(path[1]) }),
    origin: (path: readonly (string | number)[]) => ({
      file: "x.yaml",
      ...document.locate(path),
      text: text.split("\n")[Number(path[0]) - 1] ?? "",
    }),
  };
  const problems: Problem[] = [
    { path: [3, 243], message: "late", suggestion: 'did you mean "her"?' },
    { path: [1, 4], message: "early", offset: -3 },
    { path: [2, 6], message: "middle\u001b[2J" },
    { path: [9, 1], message: "past the end" },
  ];
  const error = invalid(document, problems);
  t.equal(error.message, "Cannot use x.yaml: it has 4 problems");
  t.same(error.where, { file: "x.yaml", line: 1, column: 1 });
  const cut = `…${"long".repeat(15).slice(2)}`;
  t.same(error.detail?.split("\n").slice(0, 6), [
    "x.yaml:1:1: early",
    "  1 | a: 1",
    "    | ^",
    "x.yaml:2:6: middle\\u001b[2J",
    "  2 | \tb\\u202e: \\u200bx",
    "    | \t         ^",
  ]);
  t.match(error.detail, /3 \| …[long]+: here\n {4}\| +\^ did you mean "her"\?/);
  t.ok(cut.length > 0);
  const single = invalid(document, problems.slice(0, 1));
  t.match(single, {
    message: "Cannot use x.yaml: late",
    hint: 'Did you mean "her"',
    where: { line: 3, column: 243 },
  });
});

t.test("near names", async (t) => {
  const table: [string, string[], string | undefined][] = [
    ["tiemout", ["timeout", "title"], "timeout"],
    ["STEPS", ["steps"], "steps"],
    ["steps", ["steps"], "steps"],
    ["trace", ["trace-path-long"], "trace-path-long"],
    ["tr", ["trace-path-long"], undefined],
    ["x", ["y"], undefined],
    ["", ["a"], undefined],
    ["quux", ["steps", "checks"], undefined],
    ["a".repeat(101), ["a".repeat(101)], undefined],
    ["abc", ["a".repeat(101), "abd"], "abd"],
  ];
  for (const [name, candidates, expected] of table)
    t.equal(nearest(name, candidates), expected, name.slice(0, 20));
  t.same(nearestFew("node-a", ["node-b", "node-a1", "other", "node-b"], 2), ["node-b", "node-a1"]);
  t.equal(
    nearest(
      "zzzz",
      Array.from({ length: 3000 }, (_, index) => (index === 2500 ? "zzzy" : `a${index}`)),
    ),
    undefined,
    "bounded",
  );
  t.equal(editDistance("abcd", "abdc"), 1);
  t.equal(editDistance("kitten", "sitting"), 3);
  t.equal(editDistance("", "abc"), 3);
});
