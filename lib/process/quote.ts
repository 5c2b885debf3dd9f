import { HopbookError } from "../errors.js";

/**
 * One word of a POSIX shell's command line that expands to exactly `word`: single quotes around it, and a
 * single quote within it as `'\''` (POSIX.1-2017, Shell & Utilities, 2.2.2). Every word is quoted, plain ones
 * too, so that none is a reserved word, an alias or an assignment.
 *
 * Throws INPUT_INVALID for what an argument cannot carry: a NUL byte, or half of a surrogate pair, which
 * UTF-8 would replace silently.
 */
export function quoteWord(word: string): string {
  if (word.includes("\0")) throw refuse("it holds a NUL byte");
  if (/\p{Surrogate}/u.test(word)) throw refuse("it holds half of a surrogate pair");
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The one function that turns an argv into a command line for a POSIX sh, such as ssh's login shell. */
export function quotePosix(argv: readonly string[]): string {
  return argv.map(quoteWord).join(" ");
}

function refuse(reason: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot pass an argument to a command: ${reason}`, {
    hint: "Remove the byte from the name or value it came from",
  });
}
