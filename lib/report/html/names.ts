import { escapeMarkup as esc } from "../escape.js";

/** A word that a browser would break at its hyphens, dots or slashes: a name, an address, a file. */
const NAME = /[-/:]\S|\.\D|\..*\./;

/** Words as markup. Names go to the next line whole, and are broken only where they are longer than a line. */
export function keepNames(text: string): string {
  return text
    .split(" ")
    .map((word) => (NAME.test(word) ? `<span class="keep">${esc(word)}</span>` : esc(word)))
    .join(" ");
}

/** A file's path as markup: broken behind a slash, not where the line happens to end. */
export function breakPath(path: string): string {
  return path.split("/").map(esc).join("/<wbr>");
}

/** What stands between backticks is code. */
export function markCode(text: string): string {
  const parts = text.split("`").map(esc);
  return parts.map((part, index) => (index % 2 === 1 ? `<code>${part}</code>` : part)).join("");
}
