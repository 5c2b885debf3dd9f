import { CelList, CelMap, Duration, Optional, TextObject, Timestamp, Uint, type CelValue } from "./values.js";

/** Whether two values are the same, deep; numbers of all types by their value. Calls `count` for every pair. */
export function isEqual(a: CelValue, b: CelValue, count: () => void): boolean {
  count();
  const order = compareScalars(a, b);
  if (order !== undefined) return order === 0;
  if (a === b) return true;
  if (a instanceof CelList && b instanceof CelList) {
    if (a.length !== b.length) return false;
    const other = b.items();
    return a.items().every((item, index) => isEqual(item, other[index] as CelValue, count));
  }
  if (a instanceof CelMap && b instanceof CelMap) {
    if (a.size !== b.size) return false;
    return a.keys().every((key) => {
      const [left, right] = [a.get(key), b.get(key)];
      return left !== undefined && right !== undefined && isEqual(left, right, count);
    });
  }
  if (a instanceof Optional && b instanceof Optional) {
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return isEqual(a.value, b.value, count);
  }
  if (a instanceof TextObject && b instanceof TextObject) {
    return a.typeName === b.typeName && a.toString() === b.toString();
  }
  return false;
}

/** -1, 0, 1; NaN where one is no number; undefined where the two have no order. */
export function compareScalars(a: CelValue, b: CelValue): number | undefined {
  const [left, right] = alike(numberOf(a), numberOf(b));
  if (left !== undefined && right !== undefined)
    return left < right ? -1 : left > right ? 1 : left == right ? 0 : NaN;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const isSame =
    (a instanceof Duration && b instanceof Duration) || (a instanceof Timestamp && b instanceof Timestamp);
  if (isSame) return a.nanos < b.nanos ? -1 : Number(a.nanos > b.nanos);
  return undefined;
}

function numberOf(value: CelValue): number | bigint | undefined {
  if (value instanceof Uint) return value.value;
  return typeof value === "number" || typeof value === "bigint" ? value : undefined;
}

/** A double beside a whole number is held against the double next to it, as cel-go does. */
function alike<Item extends number | bigint | undefined>(
  a: Item,
  b: Item,
): readonly [Item | number, Item | number] {
  if (typeof a === "number" && typeof b === "bigint") return [a, Number(b)];
  return typeof a === "bigint" && typeof b === "number" ? [Number(a), b] : [a, b];
}

/** By code points: a surrogate stands behind all other characters. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index++;
  if (index === length) return a.length < b.length ? -1 : 1;
  const rank = (code: number): number => (code >= 0xd800 && code <= 0xdfff ? code + 0x10000 : code);
  return rank(a.charCodeAt(index)) < rank(b.charCodeAt(index)) ? -1 : 1;
}
