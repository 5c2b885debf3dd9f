/** What a terminal would obey or a person cannot see, as in lib/model/visible.ts; the line ends are the layout's own. */
const INVISIBLE = /[^\P{C}\n]|[\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

/**
 * A value as indented JSON with a final newline. Controls, bidirectional overrides and what else is invisible stand in it
 * as \uXXXX: the same value to every reader, and nothing for a terminal.
 */
export function printJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`.replace(INVISIBLE, spell);
}

/** In UTF-16, as JSON has it (RFC 8259, section 7). */
function spell(char: string): string {
  return char.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
