import { HopbookError } from "../errors.js";
import { nearest } from "../document/index.js";
import { collectItems, itemsOf, readDefault, readText, type Reading } from "./input-values.js";
import type { InputSpec, Runbook } from "./types.js";

/** What the command line gave for an input: text, several texts, or a flag without a value. */
export type RawInput = string | readonly string[] | boolean;

/**
 * The typed value of every input of a runbook: durations in milliseconds, sizes in bytes, arrays split at
 * commas and joined over repeated flags, defaults filled in, null for what is neither given nor required.
 * Throws INPUT_INVALID that names every input that is unknown, missing or wrong, with what is expected.
 */
export function coerceInputs(
  runbook: Pick<Runbook, "inputs" | "metadata">,
  raw: Readonly<Record<string, RawInput>>,
): Record<string, unknown> {
  const faults: string[] = [];
  const meant = new Map<string, string | undefined>();
  const names = Object.keys(runbook.inputs);
  for (const name of Object.keys(raw)) {
    if (!Object.hasOwn(runbook.inputs, name)) faults.push(describeUnknown(name, names));
  }
  const missing = names.filter(
    (name) => runbook.inputs[name]?.required === true && !Object.hasOwn(raw, name),
  );
  if (missing.length > 0) faults.push(`required and missing: ${missing.join(", ")}`);
  for (const name of missing) meant.set(name, runbook.inputs[name]?.description);
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(runbook.inputs)) {
    const given = Object.hasOwn(raw, name) ? raw[name] : undefined;
    const reading = given === undefined ? readDefault(spec) : readRaw(spec, given);
    if ("value" in reading) {
      values[name] = reading.value;
      continue;
    }
    const { expected, pattern } = reading;
    const { description } = spec;
    const isForm = pattern !== undefined && description !== undefined;
    faults.push(
      `${name} is ${showGiven(spec, given)}, ${isForm ? `which does not fit what it is for: ${description}` : `expected ${expected}`}`,
    );
    // Words first: a regular expression tells few people what is wanted.
    meant.set(name, isForm ? expected : description);
  }
  if (faults.length === 0) return values;
  const summary =
    faults.length === 1 ? (faults[0] as string) : `${faults.length} inputs are not as they should be`;
  const detail = [...(faults.length === 1 ? [] : faults), ...describeMeant(meant, names)];
  throw new HopbookError("INPUT_INVALID", `Cannot run ${runbook.metadata.name}: ${summary}`, {
    hint: `See its inputs with: hopbook show ${runbook.metadata.name}`,
    ...(detail.length === 0 ? {} : { detail: detail.join("\n") }),
  });
}

/** The values of inputs marked `secret`, for those who redact. Empty ones are left out. */
export function listSecrets(
  runbook: Pick<Runbook, "inputs">,
  values: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(runbook.inputs)
    .filter(([, spec]) => spec.secret === true)
    .flatMap(([name]) => [values[name]].flat())
    .filter((value) => value !== null && value !== undefined && value !== "")
    .map(String);
}

/** What the inputs that are missing or wrong are for, in their runbook's own words, in its order. */
function describeMeant(meant: ReadonlyMap<string, string | undefined>, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const said = meant.get(name);
    return said === undefined ? [] : [`${name}: ${said}`];
  });
}

function describeUnknown(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  const known = names.length === 0 ? "it has no inputs" : `its inputs: ${names.join(", ")}`;
  return `there is no input ${name}${near === undefined ? ` (${known})` : `, did you mean ${near}?`}`;
}

function readRaw(spec: InputSpec, given: RawInput): Reading {
  if (spec.type === "boolean") {
    const single = lastOf(given);
    return typeof single === "boolean" ? { value: single } : readText({ ...spec, type: "boolean" }, single);
  }
  if (typeof given === "boolean") return { expected: "a value after it" };
  if (spec.type === "array") {
    const texts = [given].flat().flatMap((text) => text.split(","));
    const items = texts.map((text) => text.trim()).filter((text) => text !== "");
    return collectItems(items.map((item) => readText(itemsOf(spec), item)));
  }
  const texts = [given].flat();
  const [text] = texts;
  if (text === undefined || texts.length > 1) return { expected: "one value" };
  return readText({ ...spec, type: spec.type }, text);
}

/** Of a flag that was given several times the last one counts, as with every other command. */
function lastOf(given: RawInput): string | boolean {
  if (typeof given === "string" || typeof given === "boolean") return given;
  return given.at(-1) ?? "";
}

function showGiven(spec: InputSpec, given: RawInput | undefined): string {
  if (spec.secret === true) return "a secret that does not fit";
  return JSON.stringify(given ?? spec.default);
}
