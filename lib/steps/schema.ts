import { HopbookError } from "../errors.js";
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from "../model/units.js";

/** A duration: text with its unit in a runbook, milliseconds where it comes from a typed input. */
export const durationSchema = {
  anyOf: [
    { type: "string", pattern: DURATION_PATTERN },
    { type: "number", minimum: 0 },
  ],
} as const;

/** A size: text with its unit in a runbook, bytes where it comes from a typed input. */
export const sizeSchema = {
  anyOf: [
    { type: "string", pattern: SIZE_PATTERN },
    { type: "number", minimum: 0 },
  ],
} as const;

/** The outputs of an action of which nothing is known before it runs. */
export const NOT_YET = {} as never;

export function toMs(value: string | number): number {
  return typeof value === "number" ? value : required(parseDuration(value), value, "30s");
}

export function toBytes(value: string | number): number {
  return typeof value === "number" ? value : required(parseSize(value), value, "64MiB");
}

function required(parsed: number | undefined, text: string, example: string): number {
  if (parsed !== undefined) return parsed;
  throw new HopbookError(
    "INPUT_INVALID",
    `Cannot use ${JSON.stringify(text)}: a value with a unit is expected`,
    {
      hint: `Write it as ${example}`,
    },
  );
}
