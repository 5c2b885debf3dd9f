import { makeInt } from "../arithmetic.js";
import { TextObject } from "../values.js";
import { define, type CelFunction } from "./function.js";

/** Kubernetes keeps no more than nano. */
const NANO = 1_000_000_000n;
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const QUANTITY =
  /^([+-]?)([0-9]{0,40})(?:[.]([0-9]{0,40}))?(n|u|m|k|M|G|T|P|E|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$/;

class Quantity extends TextObject {
  readonly typeName = "kubernetes.Quantity";
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  override get shortName(): string {
    return "Quantity";
  }

  /** A decimal number without a suffix. */
  override toString(): string {
    const size = this.nanos < 0n ? -this.nanos : this.nanos;
    const rest = (size % NANO).toString().padStart(9, "0").replace(/0+$/, "");
    return `${this.nanos < 0n ? "-" : ""}${size / NANO}${rest === "" ? "" : `.${rest}`}`;
  }
}

function parseQuantity(text: string): Quantity | undefined {
  const found = QUANTITY.exec(text);
  const [, sign = "", whole = "", fraction = "", suffix = ""] = found ?? [];
  if (found === null || whole + fraction === "") return undefined;
  const binary = BINARY.indexOf(suffix);
  const power = DECIMAL[suffix] ?? (binary >= 0 ? 0 : Number(suffix.slice(1)));
  const digits = BigInt(whole + fraction) * (binary >= 0 ? 1024n ** BigInt(binary + 1) : 1n);
  const shift = 9 + power - fraction.length;
  // What is less than nano is rounded up.
  const scaled = shift >= 0 ? digits * 10n ** BigInt(shift) : divideUp(digits, 10n ** BigInt(-shift));
  return new Quantity(sign === "-" ? -scaled : scaled);
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

function toQuantity(text: string): Quantity {
  const quantity = parseQuantity(text);
  if (quantity !== undefined) return quantity;
  throw new Error(`${JSON.stringify(text.slice(0, 60))} is no quantity, as in 64Mi, 1.5G or 200m`);
}

function nanosOf(value: Quantity | bigint): bigint {
  return value instanceof Quantity ? value.nanos : value * NANO;
}

function compare(a: Quantity, b: Quantity): bigint {
  return a.nanos < b.nanos ? -1n : a.nanos > b.nanos ? 1n : 0n;
}

export const QUANTITIES: readonly CelFunction[] = [
  define(
    ["quantity(string): Quantity"],
    "A number with a suffix of Kubernetes: n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei",
    ["quantity('64Mi').asInteger()", 67_108_864],
    toQuantity,
  ),
  define(
    ["isQuantity(string): bool"],
    "Whether a text is a quantity",
    ["isQuantity('64MiB')", false],
    (text: string) => parseQuantity(text) !== undefined,
  ),
  define(
    ["Quantity.isInteger(): bool"],
    "Whether it is a whole number of 64 bits",
    ["quantity('1500m').isInteger()", false],
    ({ nanos }: Quantity) => nanos % NANO === 0n && BigInt.asIntN(64, nanos / NANO) === nanos / NANO,
  ),
  define(
    ["Quantity.asInteger(): int"],
    "The whole number; an error where it is none",
    ["quantity('2k').asInteger()", 2000],
    (quantity: Quantity) => {
      if (quantity.nanos % NANO === 0n) return makeInt(quantity.nanos / NANO);
      throw new Error(`${quantity.toString()} is no whole number`);
    },
  ),
  define(
    ["Quantity.asApproximateFloat(): double"],
    "The number with its fraction",
    ["quantity('1500m').asApproximateFloat()", 1.5],
    (quantity: Quantity) => Number(quantity.toString()),
  ),
  define(["Quantity.sign(): int"], "-1, 0 or 1", ["quantity('-5').sign()", -1], (quantity: Quantity) =>
    compare(quantity, new Quantity(0n)),
  ),
  define(
    ["Quantity.compareTo(Quantity): int"],
    "-1, 0 or 1",
    ["quantity('1k').compareTo(quantity('1Ki'))", -1],
    compare,
  ),
  define(
    ["Quantity.isGreaterThan(Quantity): bool"],
    "Whether it is more than another one",
    ["quantity('1Ki').isGreaterThan(quantity('1k'))", true],
    (a: Quantity, b: Quantity) => a.nanos > b.nanos,
  ),
  define(
    ["Quantity.isLessThan(Quantity): bool"],
    "Whether it is less than another one",
    ["quantity('1k').isLessThan(quantity('1Ki'))", true],
    (a: Quantity, b: Quantity) => a.nanos < b.nanos,
  ),
  define(
    ["Quantity.add(Quantity): Quantity", "Quantity.add(int): Quantity"],
    "Sum",
    ["quantity('1k').add(24).asInteger()", 1024],
    (a: Quantity, b: Quantity | bigint) => new Quantity(a.nanos + nanosOf(b)),
  ),
  define(
    ["Quantity.sub(Quantity): Quantity", "Quantity.sub(int): Quantity"],
    "Difference",
    ["quantity('1Ki').sub(24).asInteger()", 1000],
    (a: Quantity, b: Quantity | bigint) => new Quantity(a.nanos - nanosOf(b)),
  ),
];
