import { makeInt, makeUint } from "../arithmetic.js";
import { formatDuration, formatTimestamp, makeTimestamp, parseDuration, parseTimestamp } from "../time.js";
import {
  CelMap,
  Duration,
  TextObject,
  Timestamp,
  typeNameOf,
  TypeValue,
  Uint,
  type CelList,
  type CelObject,
  type CelValue,
} from "../values.js";
import { define, type CelFunction } from "./function.js";

const SECOND = 1_000_000_000n;

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function wholeOf(value: string | number | bigint | Uint): bigint {
  if (value instanceof Uint) return value.value;
  if (typeof value === "bigint") return value;
  if (typeof value === "string") {
    if (/^[+-]?[0-9]{1,20}$/.test(value)) return BigInt(value.replace("+", ""));
    throw new Error(`${quote(value)} is no whole number`);
  }
  if (!Number.isFinite(value)) throw new Error(`${value} is no whole number`);
  return BigInt(Math.trunc(value));
}

function toInt(value: string | number | bigint | Uint | Duration | Timestamp): bigint {
  if (value instanceof Duration) return value.nanos;
  if (value instanceof Timestamp)
    return (value.nanos - (((value.nanos % SECOND) + SECOND) % SECOND)) / SECOND;
  // As in cel-go the double next to the limits is out of range.
  if (typeof value === "number" && Math.abs(value) >= 2 ** 63) {
    throw new Error(`int overflow: ${value} does not fit into 64 bits`);
  }
  return makeInt(wholeOf(value));
}

function toDouble(value: string | number | bigint | Uint): number {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return Number(wholeOf(value));
  if (/^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
  }
  const [, sign, word] = /^([+-]?)(inf|infinity|nan)$/i.exec(value) ?? [];
  if (word === undefined) throw new Error(`${quote(value)} is no number`);
  return word.toLowerCase() === "nan" ? NaN : sign === "-" ? -Infinity : Infinity;
}

function toBool(value: string | boolean): boolean {
  if (typeof value === "boolean") return value;
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw new Error(`${quote(value)} is neither true nor false`);
}

/** The text of a double as Go writes it: `1e+06`, `0.0001`. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 21) return value.toString();
  return `${digits}e${power < 0 ? "-" : "+"}${Math.abs(power).toString().padStart(2, "0")}`;
}

function toText(value: Exclude<CelValue, CelObject> | Uint | Duration | Timestamp | TextObject): string {
  if (typeof value === "number") return formatDouble(value);
  if (value instanceof Uint) return value.value.toString();
  if (value instanceof Duration) return formatDuration(value.nanos);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof TextObject) return value.toString();
  if (!(value instanceof Uint8Array)) return String(value);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new Error("the bytes are no text in UTF-8");
  }
}

function toTimestamp(value: string | bigint | Timestamp): Timestamp {
  if (value instanceof Timestamp) return value;
  return typeof value === "bigint" ? makeTimestamp(value * SECOND) : parseTimestamp(value);
}

function sizeOf(value: string | Uint8Array | CelList | CelMap): bigint {
  if (typeof value === "string") return BigInt(countCharacters(value));
  return BigInt(value instanceof CelMap ? value.size : value.length);
}

/** Of code points, as CEL counts. */
function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

const SIZED = ["string", "bytes", "list<T>", "map<K, V>"];

export const CONVERSIONS: readonly CelFunction[] = [
  define(
    [
      "int(int): int",
      "int(uint): int",
      "int(double): int",
      "int(string): int",
      "int(duration): int",
      "int(timestamp): int",
    ],
    "A whole number of 64 bits: of a double without its fraction, of a duration in nanoseconds, of a timestamp in seconds since 1970",
    ['int("42") + int(1.9)', 43],
    toInt,
  ),
  define(
    ["uint(uint): uint", "uint(int): uint", "uint(double): uint", "uint(string): uint"],
    "A whole number of 64 bits without a sign",
    ["uint(3) + 4u", 7],
    (value: string | number | bigint | Uint) => {
      if (typeof value === "number" && value >= 2 ** 64) {
        throw new Error(`uint overflow: ${value} does not fit into 64 bits without a sign`);
      }
      return makeUint(wholeOf(value));
    },
  ),
  define(
    ["double(double): double", "double(int): double", "double(uint): double", "double(string): double"],
    "A number with a fraction",
    ['double("1.5") + double(1)', 2.5],
    toDouble,
  ),
  define(
    ["bool(bool): bool", "bool(string): bool"],
    "true or false of the text",
    ['bool("true")', true],
    toBool,
  ),
  define(
    [
      ...["string", "bool", "int", "uint", "double", "bytes", "duration", "timestamp"].map(
        (type) => `string(${type}): string`,
      ),
      ...["IP", "CIDR"].map((type) => `string(${type}): string`),
    ],
    "Text: a duration in seconds, a timestamp as RFC 3339, bytes as UTF-8",
    ['string(1.5) + string(duration("1m"))', "1.560s"],
    toText,
  ),
  define(
    ["bytes(string): bytes", "bytes(bytes): bytes"],
    "The UTF-8 of a text",
    ["bytes('é') == b'\\xc3\\xa9'", true],
    (value: string | Uint8Array) => (typeof value === "string" ? new TextEncoder().encode(value) : value),
  ),
  define(
    ["duration(string): duration", "duration(duration): duration", "duration(int): duration"],
    "A duration of a text with units (h, m, s, ms, us, ns), or of nanoseconds",
    ['duration("1h30m") > duration("90s")', true],
    (value: string | bigint | Duration) => {
      if (value instanceof Duration) return value;
      return typeof value === "bigint" ? new Duration(value) : parseDuration(value);
    },
  ),
  define(
    ["timestamp(string): timestamp", "timestamp(int): timestamp", "timestamp(timestamp): timestamp"],
    "A time of RFC 3339, or of seconds since 1970",
    ["timestamp('2026-01-31T12:00:00Z') + duration('36h')", "2026-02-02T00:00:00Z"],
    toTimestamp,
  ),
  define(
    ["dyn(T): dyn"],
    "The same value, whose type is no longer checked before the run",
    ["dyn(1) == 'a'", false],
    (value: CelValue) => value,
  ),
  define(
    ["type(T): type"],
    "The type of a value",
    ["type(1) == int", true],
    (value: CelValue) => new TypeValue(typeNameOf(value)),
  ),
  define(
    SIZED.flatMap((type) => [`size(${type}): int`, `${type}.size(): int`]),
    "Number of characters, bytes, items or keys",
    ["size('abc') + [1, 2].size()", 5],
    sizeOf,
  ),
];
