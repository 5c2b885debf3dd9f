import type { ErrorObject } from "ajv/dist/2020.js";
import { describeAlternatives, isAlternatives, type Problem, type RunBranch } from "./alternatives.js";
import { describeValue, joinWords, quote, subjectOf, typeWords } from "./words.js";
import { nearest } from "./nearest.js";
import type { ProblemRule } from "./rules.js";
import { DURATION_PATTERN, SIZE_PATTERN } from "../model/units.js";

export type { Problem, RunBranch };

/**
 * ajv's errors (allErrors, verbose) in words, without the noise of alternatives that were not meant. `base`
 * is the path of the value that was validated, in front of every problem's path.
 */
export function describeErrors(
  errors: readonly ErrorObject[],
  run: RunBranch,
  { root, base = [] }: { readonly root: unknown; readonly base?: Problem["path"] },
): Problem[] {
  const problems: Problem[] = [];
  for (let index = errors.length - 1; index >= 0; index--) {
    const error = errors[index] as ErrorObject;
    const path = [...base, ...parsePointer(error.instancePath, root)];
    if (isAlternatives(error)) {
      const describe = (inner: readonly ErrorObject[], data: unknown): Problem[] =>
        describeErrors(inner, run, { root: data, base: path });
      const { found, consumed } = describeAlternatives(error, { path, run, describe });
      // The branches' own errors stand right before this one; they have been looked at.
      index -= consumed;
      problems.unshift(...found);
    } else {
      const problem = describeError(error, path);
      if (problem !== undefined) problems.unshift({ rule: ruleOf(error), ...problem });
    }
  }
  return dropDoubles(problems);
}

const RULES: Readonly<Record<string, ProblemRule>> = {
  additionalProperties: "unknown-key",
  unevaluatedProperties: "unknown-key",
  required: "missing-key",
  dependentRequired: "conflicting-key",
  type: "wrong-type",
  enum: "not-allowed-value",
  const: "not-allowed-value",
  pattern: "wrong-form",
  uniqueItems: "duplicate-item",
  minItems: "out-of-range",
  maxItems: "out-of-range",
  minProperties: "out-of-range",
  maxProperties: "out-of-range",
  minLength: "out-of-range",
  maxLength: "out-of-range",
  minimum: "out-of-range",
  maximum: "out-of-range",
  exclusiveMinimum: "out-of-range",
  exclusiveMaximum: "out-of-range",
};

function ruleOf(error: ErrorObject): ProblemRule {
  if (error.propertyName !== undefined) return "invalid-key";
  const unit = unitOf(error.parentSchema?.["pattern"]);
  if (unit !== undefined && (error.keyword === "pattern" || error.keyword === "type")) return "missing-unit";
  return RULES[error.keyword] ?? "invalid-value";
}

/** `/steps/0/a~1b` as path segments; numbers only where the data is a list. */
function parsePointer(pointer: string, root: unknown): (string | number)[] {
  if (pointer === "") return [];
  let data = root;
  return pointer
    .slice(1)
    .split("/")
    .map((part) => {
      const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
      const segment = Array.isArray(data) ? Number(name) : name;
      data = (data as Record<string | number, unknown> | null | undefined)?.[segment];
      return segment;
    });
}

function describeError(error: ErrorObject, path: Problem["path"]): Problem | undefined {
  const params = error.params as Record<string, unknown>;
  if (error.propertyName !== undefined && error.keyword !== "propertyNames") return describeKey(error, path);
  switch (error.keyword) {
    case "additionalProperties":
    case "unevaluatedProperties":
      return describeUnknownKey(error, path);
    case "required":
      return {
        path,
        at: "key",
        message: `${subjectOf(path)} lacks the key ${quote(params["missingProperty"])}`,
      };
    case "dependentRequired": {
      const { property, missingProperty } = params;
      const message = `${subjectOf(path)} has ${quote(property)}, which needs ${quote(missingProperty)} beside it`;
      return { path, at: "key", message };
    }
    case "type":
      return describeType(error, path);
    case "enum":
      return describeEnum(error, path);
    case "const":
      return {
        path,
        message: `${subjectOf(path)} must be ${quote(params["allowedValue"])}, is ${describeValue(error.data)}`,
      };
    case "pattern":
      return describePattern(error, path);
    case "if":
    case "propertyNames":
      // Noise: what failed inside is reported by itself.
      return undefined;
    default:
      return describeLimit(error, path);
  }
}

function describeKey(error: ErrorObject, path: Problem["path"]): Problem {
  const key = error.propertyName as string;
  const why =
    error.keyword === "pattern" ? `does not match ${String(error.params["pattern"])}` : error.message;
  return { path: [...path, key], at: "key", message: `the key ${quote(key)} ${why ?? "is not allowed"}` };
}

function describeUnknownKey(error: ErrorObject, path: Problem["path"]): Problem {
  const params = error.params as { additionalProperty?: string; unevaluatedProperty?: string };
  const key = params.additionalProperty ?? params.unevaluatedProperty ?? "";
  const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
  const free = known.filter((name) => !Object.hasOwn(Object(error.data) as object, name));
  const near = nearest(key, free);
  const allowed = known.length === 0 ? "no key is allowed here" : `allowed: ${known.join(", ")}`;
  const suggestion = near === undefined ? allowed : `did you mean ${quote(near)}?`;
  return { path: [...path, key], at: "key", message: `unknown key ${quote(key)}`, suggestion };
}

function describeType(error: ErrorObject, path: Problem["path"]): Problem {
  const types = [error.params["type"] as string | string[]].flat();
  const parent = error.parentSchema ?? {};
  const unit = unitOf(parent["pattern"]);
  const wanted = unit === undefined ? typeWords(types) : `${unit.what} with a unit`;
  const message = `${subjectOf(path)} must be ${wanted}, is ${describeValue(error.data)}`;
  if (unit !== undefined && typeof error.data === "number") {
    return { path, message, suggestion: `write the unit, as in ${error.data}${unit.example}` };
  }
  if (types.includes("array") && typeof error.data === "string") {
    return { path, message, suggestion: suggestList(error.data) };
  }
  return { path, message };
}

/** Of plain words the list that was meant; what a shell would make something else of is the author's to part. */
function suggestList(text: string): string {
  const isPlain = text.length <= 80 && /^[\w./:=@%+-]+( [\w./:=@%+-]+)*$/.test(text);
  return isPlain ? `write a list: [${text.split(" ").join(", ")}]` : "write a list: [one, two, …]";
}

function describeEnum(error: ErrorObject, path: Problem["path"]): Problem {
  const values = error.params["allowedValues"] as unknown[];
  const texts = values.filter((value): value is string => typeof value === "string");
  const near = typeof error.data === "string" ? nearest(error.data, texts) : undefined;
  const message = `${subjectOf(path)} must be one of ${joinWords(values.map(quote))}, is ${describeValue(error.data)}`;
  return near === undefined
    ? { path, message }
    : { path, message, suggestion: `did you mean ${quote(near)}?` };
}

function describePattern(error: ErrorObject, path: Problem["path"]): Problem {
  const pattern = String(error.params["pattern"]);
  const unit = unitOf(pattern);
  const subject = subjectOf(path);
  if (unit !== undefined) {
    const message = `${subject} must be ${unit.what} with a unit, is ${describeValue(error.data)}`;
    const bare = /^[0-9]+(\.[0-9]+)?$/.test(String(error.data));
    const example = bare ? `${String(error.data)}${unit.example}` : `30${unit.example}`;
    return { path, message, suggestion: `write the unit, as in ${example}` };
  }
  if (pattern === EXPRESSION_PATTERN) {
    const message = `${subject} must be an expression and nothing beside it, is ${describeValue(error.data)}`;
    const isCut = String(error.data).startsWith("${{");
    const suggestion = isCut
      ? "put the value in quotes: in YAML # begins a comment"
      : "as in ${{ inputs.name }}";
    return { path, message, suggestion };
  }
  const [example] = (error.parentSchema?.["examples"] as unknown[] | undefined) ?? [];
  const message = `${subject} must match ${pattern}, is ${describeValue(error.data)}`;
  return example === undefined ? { path, message } : { path, message, suggestion: `as in ${quote(example)}` };
}

/** As schemas/runbook.json has it. */
const EXPRESSION_PATTERN = "^\\$\\{\\{[\\s\\S]+\\}\\}$";

function unitOf(pattern: unknown): { what: string; example: string } | undefined {
  if (pattern === DURATION_PATTERN) return { what: "a duration", example: "s" };
  if (pattern === SIZE_PATTERN) return { what: "a size", example: "MiB" };
  return undefined;
}

function describeLimit(error: ErrorObject, path: Problem["path"]): Problem {
  const limit = Number(error.params["limit"]);
  const subject = subjectOf(path);
  const twins = [Number(error.params["i"]) + 1, Number(error.params["j"]) + 1].sort((a, b) => a - b);
  const items = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  const messages: Record<string, string> = {
    minItems: `must have at least ${items(limit, "item")}`,
    maxItems: `must have at most ${items(limit, "item")}`,
    minProperties: `must have at least ${items(limit, "key")}`,
    maxProperties: `must have at most ${items(limit, "key")}`,
    minLength: `must have at least ${items(limit, "character")}`,
    maxLength: `must have at most ${items(limit, "character")}`,
    minimum: `must be at least ${limit}, is ${describeValue(error.data)}`,
    maximum: `must be at most ${limit}, is ${describeValue(error.data)}`,
    exclusiveMinimum: `must be more than ${limit}, is ${describeValue(error.data)}`,
    exclusiveMaximum: `must be less than ${limit}, is ${describeValue(error.data)}`,
    uniqueItems: `has the same item twice (items ${twins.join(" and ")})`,
    not: `must not be ${describeValue(error.data)}`,
    "false schema": "is not allowed here",
  };
  return { path, message: `${subject} ${messages[error.keyword] ?? error.message ?? "is not valid"}` };
}

/** The same thing said twice, and "lacks steps" where "unknown key step" already says so. */
function dropDoubles(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  const meant = new Set(
    problems.map(({ path, suggestion }) => {
      const name = /^did you mean ("[^"]*")\?$/.exec(suggestion ?? "")?.[1];
      return `${JSON.stringify(path.slice(0, -1))} lacks the key ${name ?? ""}`;
    }),
  );
  return problems.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    const missing = / lacks the key ".*"$/.exec(message)?.[0];
    if (seen.has(key) || (missing !== undefined && meant.has(JSON.stringify(path) + missing))) return false;
    seen.add(key);
    return true;
  });
}
