import { CelList, CelMap, type CelValue } from "./values.js";

/** Work that a call does beyond one step, in steps: texts and lists are gone through. */
export function costOf(values: readonly CelValue[]): number {
  return values.reduce<number>((sum, value) => sum + costOfOne(value), 0);
}

function costOfOne(value: CelValue): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length / 32;
  if (value instanceof CelMap) return value.size / 8;
  if (!(value instanceof CelList)) return 0;
  const texts = value
    .items()
    .reduce<number>((sum, item) => sum + (typeof item === "string" ? item.length / 32 : 0), 0);
  return texts + value.length / 8;
}
