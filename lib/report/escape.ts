import { visible as spellOut, type VisibleOptions } from "../model/visible.js";

/** Escaping for the formats of a report: first visible (lib/model/visible.ts), then what the format needs. */

/** What is longer is cut in reports, and says so. */
const MAX_CHARS = 2000;

/** See lib/model/visible.ts; cut after 2000 characters where nothing else is said. */
export function visible(text: string, options: VisibleOptions = {}): string {
  return spellOut(text, { maxChars: MAX_CHARS, ...options });
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
