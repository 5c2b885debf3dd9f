import { formatDuration, formatTimestamp } from "../time.js";
import { CelList, CelMap, Duration, nameOf, Timestamp, TypeValue, Uint, type CelValue } from "../values.js";
import { formatDouble } from "./conversions.js";
import { checkLength, define, type CelFunction } from "./function.js";

const CLAUSE = /%(?:%|(?:[.]([0-9]{1,3}))?([a-zA-Z])|[^]?)/g;

/** Keeps what is written from growing beyond the limit while it is made. */
class Writer {
  readonly #parts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#length += text.length;
    checkLength(this.#length);
    this.#parts.push(text);
  }

  toString(): string {
    return this.#parts.join("");
  }
}

function format(template: string, list: CelList): string {
  const writer = new Writer();
  let [index, position] = [0, 0];
  for (const { 0: clause, 1: precision, 2: verb, index: at } of template.matchAll(CLAUSE)) {
    writer.add(template.slice(position, at));
    position = at + clause.length;
    if (clause === "%%") writer.add("%");
    else {
      if (verb === undefined) throw new Error(`${JSON.stringify(clause)} is no formatting clause`);
      const value = list.at(index);
      if (value === undefined) throw new Error(`there is no argument ${index + 1} for ${clause}`);
      index++;
      formatOne(writer, value, { verb, digits: precision === undefined ? 6 : Number(precision) });
    }
  }
  writer.add(template.slice(position));
  return writer.toString();
}

function formatOne(
  writer: Writer,
  value: CelValue,
  { verb, digits }: { readonly verb: string; readonly digits: number },
): void {
  const whole = value instanceof Uint ? value.value : typeof value === "bigint" ? value : undefined;
  const number = typeof value === "number" ? value : whole === undefined ? undefined : Number(whole);
  const text = number !== undefined && !Number.isFinite(number) ? formatWord(number) : undefined;
  if (verb === "s") writeText(writer, value);
  else if (verb === "d" && (text ?? whole) !== undefined) writer.add(text ?? String(whole));
  else if (verb === "f" && number !== undefined) writer.add(text ?? toFixed(number, digits));
  else if (verb === "e" && number !== undefined) writer.add(text ?? toScientific(number, digits));
  else if (verb === "b" && typeof value === "boolean") writer.add(value ? "1" : "0");
  else if (verb === "b" && whole !== undefined) writer.add(whole.toString(2));
  else if (verb === "o" && whole !== undefined) writer.add(whole.toString(8));
  else if (verb === "x" || verb === "X") writeHex(writer, value, { whole, isLarge: verb === "X" });
  else if ("sdfeboxX".includes(verb)) throw new Error(`%${verb} does not take ${nameOf(value)}`);
  else throw new Error(`there is no formatting clause %${verb}`);
}

function formatWord(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** As Go rounds: what lies in the middle goes to the even digit. */
function toFixed(value: number, digits: number): string {
  const rounded = value.toFixed(Math.min(digits, 100));
  const exact = value.toFixed(Math.min(digits + 60, 100));
  const end = exact.indexOf(".") + 1 + digits;
  const isMiddle = digits < 40 && /^50*$/.test(exact.slice(end));
  return isMiddle && /[13579]$/.test(rounded) ? exact.slice(0, end).replace(/[.]$/, "") : rounded;
}

function toScientific(value: number, digits: number): string {
  const [mantissa = "", exponent = "+0"] = value.toExponential(Math.min(digits, 100)).split("e");
  return `${mantissa}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, "0")}`;
}

function writeHex(
  writer: Writer,
  value: CelValue,
  { whole, isLarge }: { readonly whole: bigint | undefined; readonly isLarge: boolean },
): void {
  const bytes =
    typeof value === "string"
      ? Buffer.from(value)
      : value instanceof Uint8Array
        ? Buffer.from(value)
        : undefined;
  const text = whole?.toString(16) ?? bytes?.toString("hex");
  if (text === undefined) throw new Error(`%x does not take ${nameOf(value)}`);
  writer.add(isLarge ? text.toUpperCase() : text);
}

function writeText(writer: Writer, value: CelValue): void {
  if (value instanceof CelList) {
    writer.add("[");
    value.items().forEach((item, index) => {
      if (index > 0) writer.add(", ");
      writeText(writer, item);
    });
    writer.add("]");
  } else if (value instanceof CelMap) writeMap(writer, value);
  else writer.add(textOfScalar(value));
}

/** In the order of the keys' texts. */
function writeMap(writer: Writer, map: CelMap): void {
  const keys = map.keys().map((key) => [textOfScalar(key), key] as const);
  writer.add("{");
  keys
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .forEach(([text, key], index) => {
      writer.add(`${index > 0 ? ", " : ""}${text}: `);
      writeText(writer, map.get(key) ?? null);
    });
  writer.add("}");
}

function textOfScalar(value: CelValue): string {
  if (typeof value === "number") return Number.isFinite(value) ? formatDouble(value) : formatWord(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Duration) return formatDuration(value.nanos);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof TypeValue) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value === null || typeof value !== "object") return String(value);
  throw new Error(`%s does not take ${nameOf(value)}`);
}

export const FORMAT: readonly CelFunction[] = [
  define(
    ["string.format(list<T>): string"],
    "The text with the values of a list in place of its clauses: %s, %d, %f, %e, %b, %o, %x, %X",
    ["'%s has %d, %.1f%%'.format(['web', 3, 2.25])", "web has 3, 2.2%"],
    format,
  ),
];
