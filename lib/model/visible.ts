/**
 * Pod names, interface names, rule comments, file names and what nodes print are written by others. Here is the
 * one place where such text is made fit to be shown; what a format needs beyond that is lib/report/escape.ts.
 */

export interface VisibleOptions {
  /** Plain ASCII only. Default false. */
  readonly ascii?: boolean;
  /** What is longer is cut, and says so. Default: no limit. */
  readonly maxChars?: number;
}

/** Controls, format characters (bidi overrides, zero width), lone surrogates, private use, line separators, fillers. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;
const NOT_ASCII = /[^\u0020-\u007e]/gu;
const TRANSLITERATED: Readonly<Record<string, string>> = {
  "→": "->",
  "←": "<-",
  "↓": "v",
  "↑": "^",
  "–": "-",
  "—": "-",
  "“": '"',
  "”": '"',
  "‘": "'",
  "’": "'",
  "…": "...",
  "·": "-",
  "×": "x",
  µ: "u",
};

/**
 * Text with everything that a terminal or browser would obey, or that a person cannot see, written out: `\x0a`,
 * `\x1b`, `\u202e`, `\u{e0001}`. One line, always.
 */
export function visible(text: string, options: VisibleOptions = {}): string {
  const { ascii = false, maxChars = Infinity } = options;
  const cut = text.length > maxChars ? `${text.slice(0, maxChars)}… (${text.length - maxChars} more)` : text;
  const shown = cut.replace(INVISIBLE, spell);
  return ascii ? shown.replace(NOT_ASCII, (char) => TRANSLITERATED[char] ?? spell(char)) : shown;
}

/** The same of a block of lines: line ends stay. */
export function visibleLines(text: string): string {
  return text
    .split("\n")
    .map((line) => visible(line))
    .join("\n");
}

function spell(char: string): string {
  const hex = (char.codePointAt(0) ?? 0).toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}
