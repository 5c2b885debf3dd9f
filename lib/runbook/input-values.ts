import { parseDuration, parseSize } from "../model/units.js";
import { findPatternFault, matchBounded, PatternFault } from "../cel/regex.js";
import type { InputSpec, ScalarType, ValueSpec } from "./types.js";

/** A typed value, or what was expected in its place. */
export type Reading =
  | { readonly value: unknown }
  | {
      readonly expected: string;
      /** The regular expression that it does not fit, where that is all there is to say. */
      readonly pattern?: string;
    };

const EXPECTED: Readonly<Record<ScalarType, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  duration: "a duration with a unit, such as 30s",
  size: "a size with a unit, such as 64MiB",
};

/** Text from the command line as a typed value: durations in milliseconds, sizes in bytes. */
export function readText(spec: ValueSpec, text: string): Reading {
  return readData(spec, dataOfText(spec.type, text));
}

/** A value as a YAML file has it as a typed value. */
function readData(spec: ValueSpec, data: unknown): Reading {
  const value = convertData(spec.type, data);
  if (value === undefined) return { expected: EXPECTED[spec.type] };
  return findLimit(spec, value) ?? { value };
}

/** The default of an input as a typed value; `null` where it has none. */
export function readDefault(spec: InputSpec): Reading {
  if (spec.default === undefined) return { value: null };
  if (spec.type !== "array") return readData({ ...spec, type: spec.type }, spec.default);
  if (!Array.isArray(spec.default)) return { expected: "a list" };
  return collectItems(spec.default.map((item) => readData(itemsOf(spec), item)));
}

/** One reading of many: the first failure, or all values. */
export function collectItems(readings: readonly Reading[]): Reading {
  const failed = readings.find((reading) => "expected" in reading);
  return failed ?? { value: readings.map((reading) => (reading as { value: unknown }).value) };
}

/** What the items of an array input are: text, where it does not say. */
export function itemsOf(spec: InputSpec): ValueSpec {
  return spec.items ?? { type: "string" };
}

function dataOfText(type: ScalarType, text: string): unknown {
  if (type === "integer") return /^[+-]?[0-9]{1,16}$/.test(text) ? Number(text) : undefined;
  if (type === "number")
    return /^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/.test(text) ? Number(text) : undefined;
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  return text;
}

function convertData(type: ScalarType, data: unknown): unknown {
  switch (type) {
    case "string":
      return typeof data === "string" ? data : undefined;
    case "integer":
      return Number.isSafeInteger(data) ? data : undefined;
    case "number":
      return Number.isFinite(data) ? data : undefined;
    case "boolean":
      return typeof data === "boolean" ? data : undefined;
    case "duration":
      return typeof data === "string" ? parseDuration(data) : undefined;
    case "size":
      return typeof data === "string" ? parseSize(data) : undefined;
  }
}

function findLimit(spec: ValueSpec, value: unknown): Reading | undefined {
  const { type, enum: allowed, pattern, minimum = -Infinity, maximum = Infinity } = spec;
  if (allowed !== undefined && !allowed.some((entry) => convertData(type, entry) === value)) {
    return { expected: `one of ${allowed.map(String).join(", ")}` };
  }
  if (typeof value === "number" && (type === "integer" || type === "number")) {
    if (value < minimum) return { expected: `${EXPECTED[type]} of at least ${minimum}` };
    if (value > maximum) return { expected: `${EXPECTED[type]} of at most ${maximum}` };
  }
  if (typeof value !== "string") return undefined;
  // A control character is no part of a name, an address or a path that a person means to give.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value)) return { expected: "text without control characters" };
  return pattern === undefined ? undefined : findMismatch(value, pattern);
}

function findMismatch(value: string, pattern: string): Reading | undefined {
  const expected = `text that matches ${pattern}`;
  try {
    return matchBounded(value, pattern) ? undefined : { expected, pattern };
  } catch (error) {
    return { expected: `${expected} (${(error as Error).message})` };
  }
}

interface SpecFault {
  readonly key: string;
  readonly message: string;
  readonly suggestion?: string | undefined;
}

/** What is wrong with the limits of a value's declaration: `key` names which of them. */
export function findSpecFaults(spec: ValueSpec | InputSpec): SpecFault[] {
  const faults: SpecFault[] = [];
  const { type, enum: allowed, pattern, minimum, maximum } = spec;
  if (pattern !== undefined) {
    const misplaced = new PatternFault(`a pattern is for text, not for ${type}`);
    const fault = type === "string" ? findPatternFault(pattern) : misplaced;
    if (fault !== undefined)
      faults.push({ key: "pattern", message: fault.message, suggestion: fault.suggestion });
  }
  for (const [key, limit] of Object.entries({ minimum, maximum })) {
    if (limit === undefined || type === "integer" || type === "number") continue;
    faults.push({ key, message: `a ${key} is for an integer or a number, not for ${type}` });
  }
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    faults.push({ key: "minimum", message: `the minimum ${minimum} is above the maximum ${maximum}` });
  }
  if (
    allowed !== undefined &&
    (type === "array" || allowed.some((entry) => convertData(type, entry) === undefined))
  ) {
    const what =
      type === "array" ? "an array's values are listed under items" : `each must be ${EXPECTED[type]}`;
    faults.push({ key: "enum", message: `enum does not fit the type: ${what}` });
  }
  return faults;
}
