import { fc, inDepth } from "../fixtures/property.js";
import assert from "node:assert/strict";
import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { mergeDocuments, parseDocument, type SourceDocument } from "../../lib/document/index.js";
import type { LayerNode } from "../../lib/document/layer.js";
import { baseLayer, mergeLayers, patchLayer } from "../../lib/document/merge.js";
import { findPatchProblems } from "../../lib/document/patch-problems.js";
import { listLeaves, listOrigins } from "../../lib/document/render.js";
import { settle } from "../../lib/document/settle.js";
import type { PlacedProblem } from "../../lib/document/explain.js";

const at = (text: string, file: string) => ({ document: parseDocument(text, file), path: [] });

function merge(...texts: readonly [string, ...string[]]): SourceDocument {
  const [base, ...patches] = texts;
  const places = patches.map((text, index) => at(text, `patch${index + 1}.yaml`));
  return mergeDocuments([at(base, "base.yaml"), ...places], { file: "merged.yaml", header: [] });
}

function refusal(...texts: readonly [string, ...string[]]): HopbookError {
  try {
    merge(...texts);
  } catch (error) {
    if (error instanceof HopbookError) return error;
    throw error;
  }
  throw new Error("it was merged");
}

const BASE = `metadata: {name: base, title: Base}
inputs:
  count: {type: integer, default: 4, enum: [1, 4]}
steps:
  - {id: look, uses: time/wait, with: {duration: 1s, deep: {a: 1, b: 2}}}
  - id: probe
    run: [ping, -c, "1"]
  - {id: last, uses: time/wait}
`;

const RULES: Record<string, [string, unknown]> = {
  "mappings merge deep": [
    "steps: [{id: look, with: {deep: {b: 3}}}]",
    { steps: [{ with: { duration: "1s", deep: { a: 1, b: 3 } } }] },
  ],
  "scalars and other lists are replaced": [
    "metadata: {title: New}\ninputs: {count: {enum: [9], default: 9}}\nsteps: [{id: probe, run: [true]}]",
    {
      metadata: { name: "base", title: "New" },
      inputs: { count: { enum: [9], default: 9 } },
      steps: [{}, { run: [true] }, {}],
    },
  ],
  "null deletes a key": [
    "inputs: {count: {default: null}}\nmetadata: {none: null}",
    { inputs: { count: {} } },
  ],
  "an item is deleted by its id": [
    "steps: [{id: probe, $patch: delete}]",
    { steps: [{ id: "look" }, { id: "last" }] },
  ],
  "new items stand at the end": ["steps: [{id: more}]", { steps: [{}, {}, {}, { id: "more" }] }],
  "or before and after one": [
    "steps: [{id: one, $before: look}, {id: two, $after: one}, {id: three, $after: probe}]",
    {
      steps: [{ id: "one" }, { id: "two" }, { id: "look" }, { id: "probe" }, { id: "three" }, { id: "last" }],
    },
  ],
  "an item that is there moves": [
    "steps: [{id: last, $before: look}]",
    { steps: [{ id: "last", uses: "time/wait" }, { id: "look" }, { id: "probe" }] },
  ],
  "an item is replaced as a whole": [
    "steps: [{id: look, $patch: replace, wait: [probe]}]",
    { steps: [{ id: "look", wait: ["probe"] }] },
  ],
  "so is a mapping": [
    "steps: [{id: look, with: {$patch: replace, count: 1}}]",
    { steps: [{ uses: "time/wait", with: { count: 1 } }] },
  ],
  "a list by id that was not there": [
    "finally: [{id: end, with: {x: null}}]",
    { finally: [{ id: "end", with: {} }] },
  ],
  "a list takes the place of a scalar": ["metadata: [1]", { metadata: [1] }],
  "lists within are one value": [
    "inputs: {count: {enum: [{id: a, b: null}]}}",
    { inputs: { count: { enum: [{ id: "a", b: null }] } } },
  ],
};

for (const [rule, [patch, wanted]] of Object.entries(RULES)) {
  t.test(rule, async (t) => {
    const { data } = merge(BASE, patch);
    t.match(data, wanted);
    t.notMatch(JSON.stringify(data), /\$(patch|before|after)/);
    t.strictSame(merge(BASE, patch, patch).data, data, "twice is once");
    t.strictSame(merge(BASE, "{}", patch, "{}").data, data, "nothing changes nothing");
    const again = parseDocument(merge(BASE, patch).text, "again.yaml");
    t.strictSame(again.data, data, "as YAML it reads back");
  });
}

t.test("what is gone is gone", async (t) => {
  const data = merge(BASE, "inputs: {count: null}\nsteps: [{id: look, with: null}]").data as {
    inputs: object;
    steps: object[];
  };
  t.strictSame(data.inputs, {});
  t.strictSame(data.steps[0], { id: "look", uses: "time/wait" });
  t.strictSame(
    merge("a: {b: null}\nc: 1", "{d: 1}").data,
    { a: { b: null }, c: 1, d: 1 },
    "null of the base is a value",
  );
  t.strictSame(merge("extends: x\n$schema: y\na: 1", "extends: z").data, { a: 1 }, "what speaks of the file");
});

t.test("every value has the line of who wrote it", async (t) => {
  const document = merge(
    BASE,
    "\n\nsteps:\n  - id: look\n    with:\n      deep: {b: 3}\n  - {id: new, $before: look}\n",
  );
  const place = (...path: (string | number)[]) => {
    const { file, line, column, text } = document.origin(path);
    t.same(document.locate(path), { line, column });
    t.match(document.span?.(path), { line, column });
    return `${file}:${line}:${column} ${text.trim()}`;
  };
  t.equal(place("steps", 1, "with", "deep", "b"), "patch1.yaml:6:17 deep: {b: 3}");
  t.match(place("steps", 1, "with", "deep", "a"), /^base\.yaml:5:64 /);
  t.match(place("steps", 1, "id"), /^base\.yaml:5:10 /);
  t.match(place("steps", 0, "id"), /^patch1\.yaml:7:10 /);
  t.match(place("inputs", "count", "enum", 1), /^base\.yaml:3:48 /);
  t.match(place("steps", 1, "nothing", "here"), /^patch1\.yaml:4:5 /, "the deepest part that is there");
  t.match(place("steps", 2, "run", 7), /^base\.yaml:7:/);
  t.match(document.origin(["steps", 1, "with"], "key"), { file: "patch1.yaml", line: 5, column: 5 });
});

const REFUSED: [string, string, number, number, RegExp][] = [
  [
    "a step to delete that is not there",
    "steps:\n  - {id: prob, $patch: delete}",
    2,
    10,
    /no step "prob" to delete.*did you mean "probe"/s,
  ],
  [
    "a step to stand beside that is not there",
    "steps: [{id: x, $after: lost}]",
    1,
    25,
    /no step "lost" to stand after/,
  ],
  ["a check is called so", "checks: [{id: x, $patch: delete}]", 1, 15, /no check "x" to delete/],
  ["both sides", "steps: [{id: x, $after: look, $before: last}]", 1, 25, /exclude each other/],
  ["itself", "steps: [{id: x, $after: x}]", 1, 25, /beside itself/],
  ["what moves later", "steps: [{id: x, $after: y}, {id: y, $before: look}]", 1, 25, /put that first/],
  [
    "what is deleted later",
    "steps: [{id: x, $after: look}, {id: look, $patch: delete}]",
    1,
    25,
    /put that first/,
  ],
  ["an id twice", "steps: [{id: x}, {id: x}]", 1, 15, /stands twice/],
  ["an item without an id", "steps: [{uses: time/wait}]", 1, 9, /needs the id/],
  ["a delete with more", "steps: [{id: look, $patch: delete, with: {}}]", 1, 28, /nothing else beside/],
  [
    "a $patch of another kind",
    "steps: [{id: look, $patch: merge}]",
    1,
    28,
    /replace or delete here, is "merge"/,
  ],
  ["a delete of a mapping", "metadata: {$patch: delete}", 1, 20, /null deletes a key/],
  ["a position of a mapping", "metadata: {$before: x}", 1, 21, /is for the items/],
  ["a position that is no id", "steps: [{id: x, $before: 1}]", 1, 26, /must be an id/],
  ["a word that is none", "metadata: {$delete: x}", 1, 21, /says nothing about merging/],
  ["a patch that is no mapping", "- 1", 1, 1, /must be a mapping/],
];

for (const [name, patch, line, column, says] of REFUSED) {
  t.test(`refused: ${name}`, async (t) => {
    const error = refusal(BASE, patch);
    t.match(error, { code: "DOCUMENT_INVALID", where: { file: "patch1.yaml", line } });
    t.match(error.detail, says);
    t.match(error.detail, new RegExp(`^patch1\\.yaml:${line}:`, "m"));
    t.ok(Math.abs((error.where?.column ?? 0) - column) <= 1, `column ${error.where?.column} is ${column}`);
    t.match(error.detail, patch.split("\n")[line - 1] ?? "", "the line is shown");
  });
}

t.test("hostile: size, aliases, lists without end, keys", async (t) => {
  const layers = Array.from(
    { length: 11 },
    (_, index) => `&a${index + 1} {x: *a${index}, y: *a${index}, z: *a${index}}`,
  );
  t.throws(() => merge(`b:\n  - &a0 {k: v}\n${layers.map((layer) => `  - ${layer}\n`).join("")}`, "{}"), {
    code: "DOCUMENT_INVALID",
  });
  const wide = `a: &a [${"1,".repeat(99_990)}1]\nb: [*a,*a]\n`;
  t.match(refusal(wide, "c: 1"), { message: /more than 200000 values/, where: { file: "patch1.yaml" } });
  t.throws(() => listOrigins(parseDocument(wide, "wide.yaml")), { message: /more than 200000 values/ });
  const large = `a: ${"x".repeat(6_000_000)}\n`;
  t.match(refusal(large, large), { message: /bytes, more than/ });
  const many = `steps:\n${Array.from({ length: 1500 }, (_, index) => `  - id: s${index}\n`).join("")}`;
  t.match(refusal(many, "steps: [{id: x}]"), {
    message: /more than 1000 items/,
    where: { file: "patch1.yaml" },
  });
  t.throws(() => merge(BASE, "__proto__: {polluted: 1}"), { code: "DOCUMENT_INVALID", message: /__proto__/ });
  t.strictSame(merge("a: {constructor: 1}", "a: {toString: 2}").data, { a: { constructor: 1, toString: 2 } });
  t.equal(({} as { polluted?: number }).polluted, undefined);
});

/** Generated mappings may have no prototype; those of a file do. */
function asJson(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data));
}

// Properties, over patches that mean all the rules at once.
const ids = ["a", "b", "c", "d"];
const leaf = fc.constantFrom<unknown>(1, "two", null, [1, { id: "a" }], true);
const { map } = fc.letrec<{ map: Record<string, unknown> }>((tie) => ({
  map: fc
    .tuple(
      fc.dictionary(fc.constantFrom("k", "l", "m"), fc.oneof({ maxDepth: 3 }, leaf, tie("map")), {
        maxKeys: 3,
      }),
      fc.boolean(),
    )
    .map(([entries, over]) => (over && entries["k"] === 1 ? { ...entries, $patch: "replace" } : entries)),
}));
const plain = fc.letrec<{ map: Record<string, unknown> }>((tie) => ({
  map: fc.dictionary(fc.constantFrom("k", "l", "m"), fc.oneof({ maxDepth: 3 }, leaf, tie("map")), {
    maxKeys: 3,
  }),
})).map;
const item = fc.record(
  {
    id: fc.constantFrom(...ids),
    $patch: fc.constantFrom("replace", "delete", undefined),
    with: map,
    $before: fc.constantFrom(...ids, undefined),
    uses: fc.constantFrom("x", "y", null),
  },
  { requiredKeys: ["id"] },
);
const items = fc.uniqueArray(
  item.map((one) => {
    if (one.$patch === "delete") return { id: one.id, $patch: "delete" };
    return Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined));
  }),
  { selector: (one) => one["id"], maxLength: 4 },
);
const patch = fc
  .record({ steps: fc.oneof(items, fc.constant(null)), metadata: map, inputs: map }, { requiredKeys: [] })
  .map(asJson)
  .filter((data) => findPatchProblems(at("{}", "p"), data).length === 0);
const base = fc
  .record({
    steps: fc.uniqueArray(fc.record({ id: fc.constantFrom(...ids), uses: fc.constant("z"), with: plain }), {
      selector: ({ id }) => id,
    }),
    metadata: plain,
  })
  .map(asJson);

/** Data and the origin of each value; a layer's name stands for its file. */
function result(layer: LayerNode): unknown {
  const problems: PlacedProblem[] = [];
  const root = settle(layer, [], problems);
  return { data: root.data, problems: problems.map(({ message }) => message) };
}

const layerOf = (data: unknown, name: string): LayerNode =>
  name === "base"
    ? baseLayer(at(JSON.stringify(data), name), data)
    : patchLayer(at(JSON.stringify(data), name), data);

t.test("property: a stack may be merged in any grouping", async () => {
  fc.assert(
    fc.property(base, patch, patch, patch, (bottom, one, two, three) => {
      const [x, a, b, c] = [
        layerOf(bottom, "base"),
        layerOf(one, "a"),
        layerOf(two, "b"),
        layerOf(three, "c"),
      ];
      const left = mergeLayers(mergeLayers(mergeLayers(x, a), b), c);
      const right = mergeLayers(x, mergeLayers(a, mergeLayers(b, c)));
      const middle = mergeLayers(mergeLayers(x, a), mergeLayers(b, c));
      assert.deepStrictEqual(result(right), result(left));
      assert.deepStrictEqual(result(middle), result(left));
    }),
    { numRuns: inDepth(100, 2000) },
  );
});

t.test("property: twice is once, and nothing changes nothing", async () => {
  fc.assert(
    fc.property(base, patch, (bottom, one) => {
      const [x, a, none] = [layerOf(bottom, "base"), layerOf(one, "a"), layerOf({}, "none")];
      const once = mergeLayers(x, a);
      const said = result(once) as { problems: string[] };
      assert.deepStrictEqual(result(mergeLayers(once, none)), said);
      assert.deepStrictEqual(result(mergeLayers(mergeLayers(x, none), a)), said);
      assert.deepStrictEqual((result(mergeLayers(x, none)) as { data: unknown }).data, bottom);
      // What is refused the first time is not laid on a second time.
      if (said.problems.length === 0) assert.deepStrictEqual(result(mergeLayers(once, a)), said);
    }),
    { numRuns: inDepth(100, 2000) },
  );
});

t.test("property: origins lead to the value that is there", async () => {
  const json = (data: unknown): string => JSON.stringify(data, null, 1);
  fc.assert(
    fc.property(base, patch, patch, (bottom, one, two) => {
      let document: SourceDocument;
      try {
        document = merge(json(bottom), json(one), json(two));
      } catch {
        return;
      }
      for (const path of listLeaves(document.data)) {
        const value = path.reduce<unknown>(
          (inner, part) => (inner as Record<string, unknown>)[part],
          document.data,
        );
        const { text, column } = document.origin(path);
        const isThere = text.slice(column - 1).startsWith(JSON.stringify(value).slice(0, 1));
        if (!isThere) throw new Error(`${JSON.stringify(path)}: ${text}`);
      }
    }),
    { numRuns: inDepth(60, 1000) },
  );
});
