import { HopbookError } from "../errors.js";
import { coerceInputs, type InputSpec, type RawInput, type Runbook } from "../runbook/index.js";
import type { RawInputs } from "../session/options.js";

/**
 * The typed inputs of a run that was recorded, read again as text, so that a runbook that was changed, or a folder that
 * was tampered with, is told what does not fit. What was recorded and is no input any more is left out.
 */
export function readRecordedInputs(
  runbook: Runbook,
  recorded: Readonly<Record<string, unknown>>,
  changes: RawInputs,
): Record<string, unknown> {
  const raw: Record<string, RawInput> = {};
  const secrets: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(runbook.inputs)) {
    if (!Object.hasOwn(recorded, name)) continue;
    const value = recorded[name];
    if (value === null || value === undefined) continue;
    // A secret was masked; what it was is known to nobody.
    if (spec.secret === true) secrets[name] = value;
    else raw[name] = toText(spec, { name, value });
  }
  const inputs = { ...raw, ...(changes as Record<string, RawInput>) };
  const specs = Object.entries(runbook.inputs).filter(
    ([name]) => Object.hasOwn(changes, name) || !Object.hasOwn(secrets, name),
  );
  const given = coerceInputs({ ...runbook, inputs: Object.fromEntries(specs) }, inputs);
  return { ...secrets, ...given };
}

function toText(spec: InputSpec, { name, value }: { name: string; value: unknown }): RawInput {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) =>
      toText({ ...spec, ...spec.items, type: spec.items?.type ?? "string" }, { name, value: item }),
    );
    return items.map(String);
  }
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return value;
  if (typeof value === "number") {
    if (spec.type === "duration") return `${value}ms`;
    if (spec.type === "size") return `${value}B`;
    return String(value);
  }
  throw new HopbookError(
    "INPUT_INVALID",
    `Cannot use the recorded input ${name}: it is ${JSON.stringify(value).slice(0, 80)}`,
  );
}

/** Values as a YAML file has them, as they would be given on a command line. Throws INPUT_INVALID. */
export function toRawInputs(values: Readonly<Record<string, unknown>>): RawInputs {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      toText({ type: "string" }, { name, value }) as string,
    ]),
  );
}
