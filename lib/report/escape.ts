/**
 * Pod names, interface names, rule comments and what nodes print are written by others. Here is the one
 * place where they are made fit to be shown: first visible, then escaped for the format.
 */

export interface VisibleOptions {
  /** Plain ASCII only. Default false. */
  readonly ascii?: boolean;
  /** What is longer is cut, and says so. Default 2000. */
  readonly maxChars?: number;
}

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };
/** Controls, format characters (bidi overrides, zero width), lone surrogates, private use, line separators. */
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
 * The text with everything that a terminal or browser would act on, or hide, spelled out: `\n`, `\e`,
 * `\u{202e}`. One line, always.
 */
export function visible(text: string, options: VisibleOptions = {}): string {
  const maxChars = options.maxChars ?? 2000;
  const cut = text.length > maxChars ? `${text.slice(0, maxChars)}… (${text.length - maxChars} more)` : text;
  const shown = cut.replace(INVISIBLE, spell);
  if (options.ascii !== true) return shown;
  return shown.replace(NOT_ASCII, (char) => TRANSLITERATED[char] ?? spell(char));
}

function spell(char: string): string {
  return NAMED[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** For text and quoted attributes of HTML, SVG and XML. */
export function escapeMarkup(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (char) => HTML[char] ?? char);
}

/** For running text and table cells of Markdown: nothing in it is markup, a link or a mention. */
export function escapeMarkdown(text: string): string {
  return visible(text)
    .replace(/[\\`*_{}[\]()<>#+!|~&$-]/g, (char) =>
      char === "<" ? "&lt;" : char === "&" ? "&amp;" : `\\${char}`,
    )
    .replace(/^(\s*)(\d+)\./, "$1$2\\.")
    .replace(/@/g, "&#64;")
    .replace(/:\/\//g, ":&#47;&#47;")
    .replace(/\bwww\./gi, (found) => found.replace(".", "&#46;"));
}

/** A code span of Markdown, fenced by more backticks than the text has. `|` is safe in tables too. */
export function escapeMarkdownCode(text: string): string {
  const shown = visible(text).replaceAll("|", "¦");
  if (shown.trim() === "") return '""';
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}
