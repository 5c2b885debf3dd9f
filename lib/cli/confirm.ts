import type { Terminal } from "./terminal.js";

/** How a person is asked on a terminal; undefined where there is none, since then nobody may be asked. */
export function askOn(terminal: Terminal): ((question: readonly string[]) => Promise<boolean>) | undefined {
  return terminal.interactive ? (question) => confirmPermissions(question, terminal) : undefined;
}

/** Asks once, for everything; anything but yes is no. */
async function confirmPermissions(question: readonly string[], terminal: Terminal): Promise<boolean> {
  terminal.err(`${question.join("\n")}\n`);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const answer = await terminal.ask("Grant all of this for this run? [y/N] ");
    // The end of input leaves the cursor behind the question.
    if (answer === null) terminal.err("\n");
    if (answer === null || /^\s*(n(o)?)?\s*$/i.test(answer)) return false;
    if (/^\s*y(es)?\s*$/i.test(answer)) return true;
  }
  return false;
}
