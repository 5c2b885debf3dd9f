import type { Command } from "commander";
import { visible } from "../../model/visible.js";
import { complete } from "./complete.js";

const MAX_DESCRIPTION_CHARS = 80;

/**
 * What the shells' scripts read: a line a candidate, `VALUE<TAB>DESCRIPTION`, and at the end `:none`, `:files`,
 * `:dirs` or `:nospace`. Never throws and never says what is wrong: a person is in the middle of a line.
 */
export async function answerCompletion(program: Command, words: readonly string[]): Promise<string> {
  try {
    const { candidates, also } = await complete(program, words, { cwd: process.cwd() });
    const lines = candidates.map(({ value, description = "" }) => `${value}\t${brief(description)}`);
    return `${[...lines, `:${also}`].join("\n")}\n`;
  } catch {
    return ":none\n";
  }
}

/** One line without anything that a terminal would obey. */
function brief(description: string): string {
  const text = visible(description.replace(/\s+/g, " ").trim(), { maxChars: 1000 });
  return text.length > MAX_DESCRIPTION_CHARS ? `${text.slice(0, MAX_DESCRIPTION_CHARS - 1)}…` : text;
}
