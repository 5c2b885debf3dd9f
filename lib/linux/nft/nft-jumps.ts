import type { Jump, Matches } from "../ruleset.js";
import { NO_MATCHES } from "../ruleset.js";
import type { JsonRecord } from "../json.js";
import { isRecord, textOf } from "../json.js";

/** Deeper than any expression that nft prints. */
const MOST_DEPTH = 8;

/** Jumps and gotos of a rule's expressions, through verdict maps too; `findMap` gives the elements of a named one. */
export function collectJumps(parts: readonly JsonRecord[], findMap: (name: string) => unknown): Jump[] {
  return parts.flatMap((part) => {
    const { vmap } = part;
    if (!isRecord(vmap)) return findTargets(part, 0).map((target) => ({ target, matches: NO_MATCHES }));
    const name = textOf(vmap["data"]);
    return readVerdictMap(name === null ? vmap["data"] : findMap(name), keyOf(vmap["key"]));
  });
}

/** What a verdict map looks at, where it is the name of a device. */
function keyOf(key: unknown): "inDevices" | "outDevices" | null {
  const meta = isRecord(key) && isRecord(key["meta"]) ? textOf(key["meta"]["key"]) : null;
  if (meta === "iifname") return "inDevices";
  return meta === "oifname" ? "outDevices" : null;
}

/** Elements are pairs `[key, verdict]`, in a named map as they are, in an anonymous one within `{set: […]}`. */
function readVerdictMap(data: unknown, key: keyof Matches | null): Jump[] {
  const elements: unknown = isRecord(data) ? data["set"] : data;
  if (!Array.isArray(elements)) return [];
  return elements.flatMap((element: unknown): Jump[] => {
    if (!Array.isArray(element)) return [];
    const [value, verdict] = element as readonly unknown[];
    const name = textOf(value);
    const matches = key === null || name === null ? NO_MATCHES : { ...NO_MATCHES, [key]: [name] };
    return findTargets(verdict, 0).map((target) => ({ target, matches }));
  });
}

function findTargets(value: unknown, depth: number): string[] {
  if (depth > MOST_DEPTH || typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => findTargets(item, depth + 1));
  return Object.entries(value).flatMap(([key, inner]) => {
    const target = (key === "jump" || key === "goto") && isRecord(inner) ? textOf(inner["target"]) : null;
    return target === null ? findTargets(inner, depth + 1) : [target];
  });
}
