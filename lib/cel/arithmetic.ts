import { compareScalars } from "./compare.js";
import type { BinaryOperator } from "./syntax.js";
import { makeDuration, makeTimestamp } from "./time.js";
import {
  CelList,
  Duration,
  MadeList,
  MAX_INT,
  MAX_UINT,
  MIN_INT,
  nameOf,
  Timestamp,
  Uint,
  type CelValue,
} from "./values.js";

type Arithmetic = Exclude<BinaryOperator, "==" | "!=" | "in">;

/** Arithmetic and order of two values. Throws Error with the reason. */
export function applyOperator(operator: Arithmetic, a: CelValue, b: CelValue): CelValue {
  const value = isOrder(operator) ? compare(operator, a, b) : compute(operator, a, b);
  if (value !== undefined) return value;
  throw new Error(`there is no ${nameOf(a)} ${operator} ${nameOf(b)}`);
}

type Order = "<" | "<=" | ">" | ">=";

function isOrder(operator: Arithmetic): operator is Order {
  return operator === "<" || operator === "<=" || operator === ">" || operator === ">=";
}

function compare(operator: Order, a: CelValue, b: CelValue): boolean | undefined {
  const order = compareScalars(a, b);
  if (order === undefined) return undefined;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function compute(operator: Exclude<Arithmetic, Order>, a: CelValue, b: CelValue): CelValue | undefined {
  if (typeof a === "bigint" && typeof b === "bigint") return makeInt(computeWhole(operator, a, b));
  if (a instanceof Uint && b instanceof Uint) return makeUint(computeWhole(operator, a.value, b.value));
  if (typeof a === "number" && typeof b === "number") return computeDouble(operator, a, b);
  if (operator === "+") return concatenate(a, b) ?? shift(a, b, 1n);
  return operator === "-" ? shift(a, b, -1n) : undefined;
}

/** Throws Error where it does not fit into 64 bits. */
export function makeInt(value: bigint): bigint {
  if (value >= MIN_INT && value <= MAX_INT) return value;
  throw new Error(`int overflow: ${value} does not fit into 64 bits`);
}

/** Throws Error where it is negative or does not fit into 64 bits. */
export function makeUint(value: bigint): Uint {
  if (value >= 0n && value <= MAX_UINT) return new Uint(value);
  throw new Error(`uint overflow: ${value} does not fit into 64 bits without a sign`);
}

function computeWhole(operator: Exclude<Arithmetic, Order>, a: bigint, b: bigint): bigint {
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  if (b === 0n) throw new Error(operator === "/" ? "division by zero" : "modulus by zero");
  if (operator === "/") return a / b;
  // Go's remainder overflows where its quotient does.
  if (b === -1n) makeInt(-a);
  return a % b;
}

function computeDouble(operator: Exclude<Arithmetic, Order>, a: number, b: number): number | undefined {
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  return operator === "/" ? a / b : undefined;
}

function concatenate(a: CelValue, b: CelValue): CelValue | undefined {
  if (typeof a === "string" && typeof b === "string") return a + b;
  if (a instanceof CelList && b instanceof CelList) return new MadeList([...a.items(), ...b.items()]);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Uint8Array.from([...a, ...b]);
  return undefined;
}

function shift(a: CelValue, b: CelValue, sign: 1n | -1n): CelValue | undefined {
  if (a instanceof Duration && b instanceof Duration) return makeDuration(a.nanos + sign * b.nanos);
  if (a instanceof Timestamp && b instanceof Duration) return makeTimestamp(a.nanos + sign * b.nanos);
  if (a instanceof Duration && b instanceof Timestamp && sign === 1n) return makeTimestamp(a.nanos + b.nanos);
  if (a instanceof Timestamp && b instanceof Timestamp && sign === -1n)
    return makeDuration(a.nanos - b.nanos);
  return undefined;
}

/** Throws Error with the reason. */
export function negate(value: CelValue): CelValue {
  if (typeof value === "bigint") return makeInt(-value);
  if (typeof value === "number") return -value;
  if (value instanceof Duration) return makeDuration(-value.nanos);
  throw new Error(`there is no minus of ${nameOf(value)}`);
}
