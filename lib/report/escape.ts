import { toMarkdown, type Unsafe } from "mdast-util-to-markdown";
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

/**
 * GitHub makes more of text than CommonMark: strikethrough, cells, formulas, links of what merely looks like one, and
 * mentions.
 */
const GITHUB: Unsafe[] = [
  { character: "<" },
  { character: "|" },
  { character: "~" },
  { character: "$" },
  { character: "@" },
  { character: ":", after: "//" },
  { character: ":", before: "\\b(?:mailto|xmpp)" },
  { character: ".", before: "\\b[Ww]{3}" },
];

/** A backslash hides these from CommonMark, and not from all that reads its text again. */
const SPELT = ["<", "&", "@", ":", "."];

/**
 * For running text and table cells of Markdown: nothing in it is markup, a link or a mention, wherever it stands, and
 * nothing is escaped that would not be. One line.
 */
export function escapeMarkdown(text: string): string {
  const value = visible(text);
  const paragraph = { type: "paragraph" as const, children: [{ type: "text" as const, value }] };
  return toMarkdown(paragraph, {
    unsafe: GITHUB,
    handlers: { text: (_, __, state, info) => state.safe(value, { ...info, encode: SPELT }) },
  }).slice(0, -1);
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
