import { CelList, CelMap, Duration, NONE, Optional, Timestamp, Uint, type CelValue } from "../values.js";
import { define, type CelFunction } from "./function.js";

function isZero(value: CelValue): boolean {
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof CelList || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelMap) return value.size === 0;
  if (value instanceof Duration || value instanceof Timestamp) return value.nanos === 0n;
  return value === null || value === false || value === "" || value === 0n || value === 0;
}

export const OPTIONAL: readonly CelFunction[] = [
  define(
    ["optional.of(T): optional<T>"],
    "A value that is there",
    ["optional.of(1).hasValue()", true],
    (value: CelValue) => new Optional(value),
  ),
  define(["optional.none(): optional<T>"], "No value", ["optional.none().orValue(2)", 2], () => NONE),
  define(
    ["optional.ofNonZeroValue(T): optional<T>"],
    "The value, unless it is null, false, 0 or empty",
    ["optional.ofNonZeroValue('').orValue('none')", "none"],
    (value: CelValue) => (isZero(value) ? NONE : new Optional(value)),
  ),
  define(
    ["optional<T>.hasValue(): bool"],
    "Whether there is a value",
    ["{'a': 1}.?b.hasValue()", false],
    ({ value }: Optional) => value !== undefined,
  ),
  define(
    ["optional<T>.value(): T"],
    "The value; an error where there is none",
    ["{'a': 1}.?a.value()", 1],
    ({ value }: Optional) => {
      if (value === undefined) throw new Error("the optional has no value");
      return value;
    },
  ),
  // The evaluation does not come here where there is a value: what stands in brackets is then not evaluated.
  define(
    ["optional<T>.or(optional<T>): optional<T>"],
    "The first one that has a value",
    ["optional.none().or(optional.of(2)).value()", 2],
    (_: Optional, other: Optional) => other,
  ),
  define(
    ["optional<T>.orValue(T): T"],
    "The value, or another one where there is none",
    ["{'a': 1}.?b.orValue(0)", 0],
    (_: Optional, other: CelValue) => other,
  ),
];
