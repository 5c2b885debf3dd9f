import t from "tap";
import { Environment } from "@marcbachmann/cel-js";
import { fc } from "../fixtures/property.js";
import { evaluate } from "../../lib/runbook/index.js";

/**
 * The evaluator is hopbook's own; what CEL is, is said by the package that parses it. Both evaluate the same random
 * expressions. Left out is where they are meant to differ: division, units, and errors, whose words are others.
 */
const env = new Environment({ homogeneousAggregateLiterals: false });
env.registerVariable("inputs", "dyn");
const inputs = {
  n: 7,
  s: "web-1",
  list: [3, 1, 2],
  words: ["a", "web"],
  none: null,
  on: true,
  map: { a: 1, b: 2 },
};

/** Numbers of data are ints to CEL where they are whole. */
function toCel(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toCel(inner)]));
}

function toJson(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toJson(inner)]));
}

const { bool } = fc.letrec<{ int: string; text: string; bool: string; ints: string; texts: string }>(
  (tie) => {
    const two = (a: "int" | "text" | "bool" | "ints" | "texts", signs: readonly string[]) =>
      fc.tuple(tie(a), fc.constantFrom(...signs), tie(a)).map(([l, sign, r]) => `(${l} ${sign} ${r})`);
    const leaf = { maxDepth: 4, depthIdentifier: "cel" };
    return {
      int: fc.oneof(
        leaf,
        fc.integer({ min: 0, max: 9 }).map(String),
        fc.constantFrom("inputs.n", "inputs.map.a", "inputs.map['b']", "inputs.list[0]"),
        two("int", ["+", "-", "*"]),
        tie("ints").map((list) => `size(${list})`),
        tie("text").map((text) => `${text}.size()`),
        fc.tuple(tie("text"), tie("text")).map(([a, b]) => `${a}.indexOf(${b})`),
        fc.tuple(tie("bool"), tie("int"), tie("int")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      ),
      text: fc.oneof(
        leaf,
        fc.constantFrom("'a'", "''", '"web"', "inputs.s", "inputs.words[1]"),
        two("text", ["+"]),
        tie("text").map((text) => `${text}.upperAscii()`),
        tie("int").map((int) => `string(${int})`),
        tie("texts").map((list) => `${list}.join('-')`),
      ),
      bool: fc.oneof(
        leaf,
        fc.constantFrom("true", "false", "inputs.on", "inputs.none == null", "has(inputs.map.z)"),
        two("bool", ["&&", "||", "==", "!="]),
        two("int", ["<", "<=", ">", ">=", "==", "!="]),
        two("text", ["<", "==", "!="]),
        two("ints", ["==", "!="]),
        tie("bool").map((one) => `!${one}`),
        fc.tuple(tie("text"), tie("text")).map(([a, b]) => `${a}.startsWith(${b})`),
        fc.tuple(tie("int"), tie("ints")).map(([a, b]) => `(${a} in ${b})`),
        fc
          .tuple(tie("ints"), tie("bool"), fc.constantFrom("all", "exists", "exists_one"))
          .map(([list, body, name]) => `${list}.${name}(x, x > 1 || ${body})`),
        tie("int").map((int) => `cel.bind(v, ${int}, v == v)`),
      ),
      ints: fc.oneof(
        leaf,
        fc.constantFrom("[1, 2]", "inputs.list", "inputs.map.map(k, 1)"),
        two("ints", ["+"]),
        tie("ints").map((list) => `${list}.map(x, x * 2)`),
        tie("ints").map((list) => `${list}.filter(x, x > 1)`),
        fc.tuple(tie("ints"), tie("int")).map(([list, int]) => `${list}.map(x, x != 1, x + ${int})`),
      ),
      texts: fc.oneof(
        leaf,
        fc.constantFrom("['a', 'b']", "inputs.words"),
        tie("text").map((text) => `${text}.split('-')`),
        two("texts", ["+"]),
      ),
    };
  },
);

t.test("the same value as the package's own evaluator gives", async (t) => {
  let compared = 0;
  fc.assert(
    fc.property(bool, (source) => {
      fc.pre(source.length < 3000);
      let expected: unknown;
      try {
        expected = toJson(env.evaluate(source, { inputs: toCel(inputs) }));
      } catch {
        return true;
      }
      compared++;
      return evaluate(`\${{ ${source} }}`, { inputs }) === expected;
    }),
    { numRuns: 2000 },
  );
  t.ok(compared > 1500, `${compared} of 2000 had a value to compare`);
});
