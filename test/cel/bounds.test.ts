import t from "tap";
import { beginComputing } from "../fixtures/patience.js";
import { anyCharacter, fc, inDepth } from "../fixtures/property.js";
import { HopbookError } from "../../lib/errors.js";
import { evaluate } from "../../lib/runbook/index.js";

/** What a machine takes that does several things at once; the bound itself is counted in steps. */
const SLOW = 20;
const BOUND_MS = 50;

const env = {
  inputs: { n: 4, s: "web", list: Array.from({ length: 500 }, (_, index) => index), none: null },
};

function timeOf(template: string): { readonly ms: number; readonly error: unknown } {
  const computedMs = beginComputing();
  let error: unknown;
  try {
    evaluate(template, env);
  } catch (caught) {
    error = caught;
  }
  return { ms: computedMs(), error };
}

const list = `[${Array.from({ length: 100 }, (_, index) => index).join(",")}]`;
const nest = (depth: number): string => (depth === 0 ? "true" : `${list}.all(a${depth}, ${nest(depth - 1)})`);
const bind = (times: number, value: string, body: string): string =>
  Array.from({ length: times })
    .reduce<string>(
      (inner, _, index) =>
        `cel.bind(v${times - index}, ${body.replaceAll("v", `v${times - index - 1}`)}, ${inner})`,
      `v${times}`,
    )
    .replace(/^/, `cel.bind(v0, ${value}, `)
    .concat(")");

t.test("work without end is ended", async (t) => {
  const attacks: [string, string, RegExp][] = [
    ["loops within loops", nest(5), /takes too long/],
    [
      "loops over data",
      "inputs.list.all(a, inputs.list.all(b, inputs.list.all(c, c >= 0)))",
      /takes too long/,
    ],
    ["an error that an or might hide", `(${nest(4)}) || true`, /takes too long/],
    ["an error that a loop might hide", `[1, 2].exists(x, ${nest(4)} && x > 5)`, /takes too long/],
    ["text that doubles", bind(14, `'${"x".repeat(100)}'`, "v + v"), /characters|takes too long/],
    ["text too long", bind(12, `'${"x".repeat(300)}'`, "v + v"), /the text would have 1228800 characters/],
    ["lists that double", bind(14, "[1, 2, 3, 4, 5, 6, 7, 8]", "v + v"), /items|takes too long/],
    [
      "lists within lists",
      `${bind(13, "[1, 2, 3]", "[v, v, v, v]")} == ${bind(13, "[1, 2, 3]", "[v, v, v, v]")}`.slice(0, 4000),
      /takes too long/,
    ],
    ["a value that multiplies", bind(14, "[1]", "[v, v, v, v, v, v]"), /more than 250000 parts/],
    [
      "text that a list joins",
      `${bind(9, `'${"x".repeat(300)}'`, "v + v")}`.replace(
        /v9(\)+)$/,
        `[${"v9,".repeat(50)}].map(x, x).join()$1`,
      ),
      /takes too long|characters/,
    ],
    [
      "text that is looked for",
      bind(11, `'${"a".repeat(300)}'`, "v + v").replace(/v11(\)+)$/, "v11.lastIndexOf(v10 + 'b')$1"),
      /takes too long/,
    ],
    [
      "a pattern",
      `inputs.list.exists(x, '${"a".repeat(300)}'.matches('(a|b|c){90}d') && x > 5)`,
      /takes too long/,
    ],
  ];
  for (const [name, source, message] of attacks) {
    const { ms, error } = timeOf(`\${{ ${source} }}`);
    t.match(error, { code: "EXPRESSION_INVALID", message }, `${name}: ${ms.toFixed(0)} ms`);
    t.ok(ms < BOUND_MS * SLOW, `${name} ended after ${ms.toFixed(0)} ms`);
  }
});

t.test("chained loops are fine", async (t) => {
  const chain =
    "inputs.list.filter(x, x > 1).map(x, x * 2).filter(x, x < 100).map(x, string(x)).filter(x, x != '8').join(',')";
  t.match(evaluate(`\${{ ${chain} }}`, env), /^4,6,10,/);
});

t.test("any expression gives a value or EXPRESSION_INVALID, in time", async (t) => {
  const piece = fc.constantFrom(
    ...[
      "inputs",
      ".n",
      ".s",
      ".list",
      ".none",
      ".zz",
      "[0]",
      "['a']",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      ",",
      ":",
      "?",
      " + ",
      " - ",
      " * ",
      " / ",
      " % ",
    ],
    ...[
      " == ",
      " != ",
      " < ",
      " in ",
      " && ",
      " || ",
      "!",
      "-",
      "1",
      "2.5",
      "0",
      "'a'",
      '"b"',
      "true",
      "null",
      "x",
      ".size()",
      ".map(x, x)",
      ".all(x, x > 1)",
    ],
    ...[
      ".filter(x, true)",
      ".exists(x, x == 'a')",
      ".matches('a+')",
      ".split('')",
      ".join()",
      ".substring(1)",
      "has(inputs.n)",
      "cel.bind(x, 1, x)",
      "duration('1s')",
    ],
    ...[
      "size(",
      "string(",
      "int(",
      "double(",
      "dyn(",
      "__proto__",
      ".constructor",
      "r'\\'",
      "b'a'",
      "1u",
      "'''",
      "\\",
      "\n",
      "//",
      "9".repeat(30),
      "1e999",
      "é",
      "\u0000",
    ],
  );
  let slowest = 0;
  let values = 0;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
      const { ms, error } = timeOf(`\${{ ${pieces.join("")} }}`);
      slowest = Math.max(slowest, ms);
      if (error === undefined) values++;
      return error === undefined || (error instanceof HopbookError && error.code === "EXPRESSION_INVALID");
    }),
    { numRuns: inDepth(5000, 10_000) },
  );
  t.ok(slowest < BOUND_MS * SLOW, `the slowest took ${slowest.toFixed(0)} ms`);
  t.ok(values > 20, `${values} had a value`);
});

t.test("any text is the same", async () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 40 }), (text) => {
      const { error } = timeOf(`\${{ ${text} }}`);
      return error === undefined || (error instanceof HopbookError && error.code === "EXPRESSION_INVALID");
    }),
    { numRuns: inDepth(2000, 4000) },
  );
});
