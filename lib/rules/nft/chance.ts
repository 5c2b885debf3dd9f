import { isRecord, numberOf } from "../../linux/json.js";

/** A number that the kernel draws, or makes of a hash: one of `values`, from `offset` on. */
export interface Chance {
  readonly values: number;
  readonly offset: number;
}

/** `numgen random mod 2`, `jhash ip saddr mod 2`, `symhash mod 2`; null where it is none, or none that is understood. */
export function readChance(expression: unknown): Chance | null {
  if (!isRecord(expression)) return null;
  const of = [expression["numgen"], expression["jhash"], expression["symhash"]].find(isRecord);
  const values = numberOf(of?.["mod"]);
  const offset = numberOf(of?.["offset"]) ?? 0;
  if (values === null || !Number.isSafeInteger(values) || values < 1) return null;
  return Number.isSafeInteger(offset) && offset >= 0 ? { values, offset } : null;
}
