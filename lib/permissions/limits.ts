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
