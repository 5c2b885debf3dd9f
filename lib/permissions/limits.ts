import { HopbookError } from "../errors.js";
import { formatDuration, formatSize, parseDuration, parseSize } from "../model/units.js";

export interface CaptureLimits {
  readonly durationMs: number;
  readonly bytes: number;
  readonly payload: "headers" | "full";
}

const NO_LIMITS: CaptureLimits = { durationMs: Infinity, bytes: Infinity, payload: "full" };

/** `30s,64MiB,headers`, in any order, each of them or none. Throws USAGE for a word that is none of them. */
export function parseLimits(
  text: string,
  place: { readonly name: string; readonly by: string },
): CaptureLimits {
  const words = text.split(",").flatMap((word) => (word.trim() === "" ? [] : [word.trim()]));
  return words.reduce<CaptureLimits>((limits, word) => {
    const durationMs = parseDuration(word);
    const bytes = parseSize(word);
    if (durationMs !== undefined) return { ...limits, durationMs };
    if (bytes !== undefined) return { ...limits, bytes };
    if (word === "headers" || word === "full") return { ...limits, payload: word };
    throw new HopbookError("USAGE", `Cannot use ${place.name}: ${JSON.stringify(word)} is no limit`, {
      hint: "Limits are a duration, a size, headers or full, as in --allow-capture=30s,64MiB,headers",
      ...(place.by.startsWith("--") ? {} : { detail: place.by }),
    });
  }, NO_LIMITS);
}

const DURATION_UNITS = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;
const SIZE_UNITS = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
  ["B", 1],
] as const;

/** As `parseLimits` reads them: `10m,64MiB,headers`. */
export function spellLimits({ durationMs, bytes, payload }: CaptureLimits): string {
  return [spell(durationMs, DURATION_UNITS), spell(bytes, SIZE_UNITS), payload].join(",");
}

function spell(value: number, units: readonly (readonly [string, number])[]): string {
  const [unit, factor] = units.find(([, each]) => value % each === 0) ?? ["", 1];
  return `${value / factor}${unit}`;
}

/** What a capture wants beyond its limits, in words; undefined where it keeps to them. */
export function findExcess(request: CaptureLimits, limits: CaptureLimits): string | undefined {
  if (request.durationMs > limits.durationMs) {
    return `${formatDuration(limits.durationMs)}, and ${formatDuration(request.durationMs)} are asked for`;
  }
  if (request.bytes > limits.bytes)
    return `${formatSize(limits.bytes)}, and ${formatSize(request.bytes)} are asked for`;
  if (request.payload === "full" && limits.payload === "headers")
    return "headers, and whole packets are asked for";
  return undefined;
}
