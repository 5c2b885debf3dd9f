import type { CelList, CelValue } from "../values.js";
import { checkLength, define, defineCounted, textList, textsOf, type CelFunction } from "./function.js";

const SURROGATE = /[\ud800-\udfff]/;

/** Its characters, which are code points to CEL; text without surrogates is its own list. */
function charactersOf(text: string): string | readonly string[] {
  return SURROGATE.test(text) ? Array.from(text) : text;
}

function joinOf(characters: string | readonly string[]): string {
  return typeof characters === "string" ? characters : characters.join("");
}

function toOffset(value: bigint, length: number): number {
  if (value >= 0n && value <= BigInt(length)) return Number(value);
  throw new Error(`there is no character ${value} in a text of ${length}`);
}

/** A place of UTF-16 in the middle of a text as a count of characters. */
function countBefore(text: string, offset: number): bigint {
  return BigInt(offset < 0 ? offset : charactersOf(text.slice(0, offset)).length);
}

function offsetOf(text: string, position: bigint): number {
  const characters = charactersOf(text);
  return joinOf(characters.slice(0, toOffset(position, characters.length))).length;
}

function indexOf(text: string, part: string, from = 0n): bigint {
  if (part === "") return BigInt(toOffset(from, charactersOf(text).length));
  return countBefore(text, text.indexOf(part, offsetOf(text, from)));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  if (from === undefined) return countBefore(text, text.lastIndexOf(part));
  return countBefore(text, text.lastIndexOf(part, offsetOf(text, from)));
}

function substring(text: string, start: bigint, end?: bigint): string {
  const characters = charactersOf(text);
  const [from, to] = [
    toOffset(start, characters.length),
    end === undefined ? characters.length : toOffset(end, characters.length),
  ];
  if (from > to) throw new Error(`there is no part from ${from} to ${to} in a text of ${characters.length}`);
  return joinOf(characters.slice(from, to));
}

/** The first `limit` of them; all where it is negative. */
function replace(text: string, part: string, other: string, limit = -1n): string {
  const pieces = split(text, part, limit < 0n ? -1n : limit + 1n);
  checkLength(text.length + pieces.length * other.length);
  return pieces.join(other);
}

/** At most `limit` pieces, the last one with the rest; all where it is negative. */
function split(text: string, separator: string, limit = -1n): readonly string[] {
  const pieces = separator === "" ? Array.from(text) : text.split(separator);
  if (limit < 0n || BigInt(pieces.length) <= limit) return pieces;
  if (limit === 0n) return [];
  const most = Number(limit) - 1;
  return [...pieces.slice(0, most), pieces.slice(most).join(separator)];
}

function replaceEverywhere(text: string, part: string, other: string, limit = -1n): string {
  if (part !== "") return replace(text, part, other, limit);
  const characters = ["", ...charactersOf(text), ""];
  const most = limit < 0n ? characters.length - 1 : Math.min(characters.length - 1, Number(limit));
  checkLength(text.length + most * other.length);
  return characters.map((character, index) => (index < most ? character + other : character)).join("");
}

function join(list: CelList, separator = ""): string {
  const texts = textsOf(list);
  checkLength(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
  return texts.join(separator);
}

const WHITE_SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && WHITE_SPACE.test(text.charAt(start))) start++;
  while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ "\u0007": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v" },
  ...{ "\\": "\\\\", '"': '\\"' },
};

// eslint-disable-next-line no-control-regex
const ESCAPED = /[\u0007\b\f\n\r\t\v\\"]/g;

/** Characters that are compared in a step, where a text is looked for in another one, at worst each with each. */
const COMPARED_PER_STEP = 1024;

/** A function that looks for its second argument in the first one. */
function search(
  signatures: readonly string[],
  means: string,
  example: readonly [string, unknown],
  run: (text: string, part: string, ...more: never[]) => CelValue,
): CelFunction {
  return defineCounted(
    signatures,
    means,
    example,
    (count) =>
      (text: string, part: string, ...more: never[]) => {
        count((text.length * part.length) / COMPARED_PER_STEP);
        return run(text, part, ...more);
      },
  );
}

export const STRINGS: readonly CelFunction[] = [
  search(
    ["string.contains(string): bool"],
    "Whether a text stands in another one",
    ["'hello'.contains('ell')", true],
    (text: string, part: string) => text.includes(part),
  ),
  define(
    ["string.startsWith(string): bool"],
    "Whether a text begins with another one",
    ["'hello'.startsWith('he')", true],
    (text: string, part: string) => text.startsWith(part),
  ),
  define(
    ["string.endsWith(string): bool"],
    "Whether a text ends with another one",
    ["'hello'.endsWith('lo')", true],
    (text: string, part: string) => text.endsWith(part),
  ),
  define(
    ["string.charAt(int): string"],
    "One character of a text, from 0; at its end the empty text",
    ["'hello'.charAt(4)", "o"],
    (text: string, at: bigint) => {
      const characters = charactersOf(text);
      return characters[toOffset(at, characters.length)] ?? "";
    },
  ),
  search(
    ["string.indexOf(string): int", "string.indexOf(string, int): int"],
    "Where a text first stands in another one (from a position on), from 0; -1 where it does not",
    ["'hello'.indexOf('l', 3)", 3],
    indexOf,
  ),
  search(
    ["string.lastIndexOf(string): int", "string.lastIndexOf(string, int): int"],
    "Where a text last stands in another one (up to a position), from 0; -1 where it does not",
    ["'hello'.lastIndexOf('l')", 3],
    lastIndexOf,
  ),
  define(
    ["string.substring(int): string", "string.substring(int, int): string"],
    "The text from a position on, or up to another one, from 0",
    ["'hello'.substring(1, 3)", "el"],
    substring,
  ),
  search(
    ["string.replace(string, string): string", "string.replace(string, string, int): string"],
    "The text with another one in place of a part of it, everywhere or so many times",
    ["'a-b-c'.replace('-', '.', 1)", "a.b-c"],
    replaceEverywhere,
  ),
  search(
    ["string.split(string): list<string>", "string.split(string, int): list<string>"],
    "The parts of a text between a separator, at most so many",
    ["'a,b,c'.split(',', 2)", ["a", "b,c"]],
    (text: string, separator: string, limit?: bigint) => textList(split(text, separator, limit)),
  ),
  define(
    ["list<string>.join(): string", "list<string>.join(string): string"],
    "The texts of a list one behind the other, with a separator between them",
    ["['a', 'b'].join(', ')", "a, b"],
    join,
  ),
  define(
    ["string.lowerAscii(): string"],
    "The text with its letters A to Z made small",
    ["'ABc'.lowerAscii()", "abc"],
    (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  define(
    ["string.upperAscii(): string"],
    "The text with its letters a to z made large",
    ["'abC'.upperAscii()", "ABC"],
    (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  define(["string.trim(): string"], "The text without white space at its ends", ["' a '.trim()", "a"], trim),
  define(
    ["strings.quote(string): string"],
    "The text in quotes, with escapes for what cannot be printed",
    ["strings.quote('a\"b')", '"a\\"b"'],
    (text: string) => {
      checkLength(text.length * 2 + 2);
      return `"${text.replace(ESCAPED, (character) => ESCAPES[character] as string)}"`;
    },
  ),
];
