import t from "tap";
import { getConformanceSuite, type IncrementalTestSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import { CelFault, checkCel, DYN, evaluateToValue, parseCel } from "../../lib/cel/index.js";
import { toData } from "../../lib/cel/data.js";
import { isEqual } from "../../lib/cel/compare.js";
import { typeNameOf, type CelValue } from "../../lib/cel/values.js";
import { fromProtobuf, NoValue } from "./protobuf.js";
import { CEL_DIFFERENCES } from "../../lib/runbook/cel-differences.js";

type Case = IncrementalTestSuite["tests"][number];

function casesOf(suite: IncrementalTestSuite, path = ""): (readonly [name: string, test: Case])[] {
  return [
    ...suite.tests.map((test) => [`${path}/${test.name}`, test] as const),
    ...suite.suites.flatMap((inner) => casesOf(inner, `${path}/${inner.name}`)),
  ];
}

/** What a case gives: its value, or that there is none. */
function answer({ original }: Case): CelValue | CelFault {
  const env = Object.fromEntries(
    Object.entries(original.bindings).map(([name, { kind }]) => {
      if (kind.case !== "value") throw new NoValue("an unknown value");
      return [name, fromProtobuf(kind.value)];
    }),
  );
  try {
    return evaluateToValue(parseCel(original.expr), env);
  } catch (error) {
    if (error instanceof CelFault) return error;
    throw error;
  }
}

function isAnswered({ original }: Case, got: CelValue | CelFault): boolean {
  const { resultMatcher: wanted } = original;
  if (wanted.case === "evalError" || wanted.case === "anyEvalErrors") return got instanceof CelFault;
  if (got instanceof CelFault) return false;
  if (wanted.case === undefined) return got === true;
  if (wanted.case === "typedResult") {
    return wanted.value.result === undefined || isSame(got, fromProtobuf(wanted.value.result));
  }
  return wanted.case === "value" && isSame(got, fromProtobuf(wanted.value));
}

/** Not only equal: of one type as well, and NaN is NaN. */
function isSame(a: CelValue, b: CelValue): boolean {
  if (typeof a === "number" && typeof b === "number") return Object.is(a, b);
  return typeNameOf(a) === typeNameOf(b) && isEqual(a, b, () => undefined);
}

/** What the check before the run says of a case that has a value. */
function findFault({ original }: Case): string | undefined {
  const { resultMatcher, disableCheck, expr, bindings, typeEnv } = original;
  const hasError = resultMatcher.case === "evalError" || resultMatcher.case === "anyEvalErrors";
  if (disableCheck || hasError) return undefined;
  const names = [...Object.keys(bindings), ...typeEnv.map(({ name }) => name)];
  const variables = Object.fromEntries(names.map((name) => [name, DYN]));
  return checkCel(parseCel(expr), { variables, absent: {} }).faults[0]?.message;
}

function isRight(test: Case): { readonly right: boolean; readonly says: string } {
  try {
    const fault = findFault(test);
    if (fault !== undefined) return { right: false, says: `at its check: ${fault}` };
    if (test.original.checkOnly) return { right: true, says: "" };
    const got = answer(test);
    if (isAnswered(test, got)) return { right: true, says: "" };
    return { right: false, says: got instanceof CelFault ? got.message : toText(got) };
  } catch (error) {
    if (error instanceof NoValue) return { right: false, says: `needs ${error.message}` };
    if (error instanceof CelFault) return { right: false, says: error.message };
    throw error;
  }
}

function toText(value: CelValue): string {
  return `${typeNameOf(value)} ${JSON.stringify(toData(value))}`;
}

function matches(name: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

t.test("the cases of CEL's specification", async (t) => {
  const patterns = CEL_DIFFERENCES.flatMap(({ cases }) => cases);
  const needed = new Set<string>();
  const wrong: string[] = [];
  let passed = 0;
  const all = casesOf(getConformanceSuite());
  for (const [path, test] of all) {
    const name = path.replace(/^\//, "");
    const { right, says } = isRight(test);
    if (right) passed++;
    else {
      const named = patterns.filter((pattern) => matches(name, pattern));
      for (const pattern of named) needed.add(pattern);
      if (named.length === 0) wrong.push(`${name}: ${test.original.expr} gives ${says}`);
    }
  }
  t.same(wrong, [], "what is not as CEL has it is named as a difference");
  t.same(
    patterns.filter((pattern) => !needed.has(pattern)),
    [],
    "what is named as a difference is one",
  );
  t.comment(`${passed} of ${all.length} cases give what they should`);
});
