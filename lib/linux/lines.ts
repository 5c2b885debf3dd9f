/** More than any table of a node has; what a hostile node prints beyond is not read. */
const MOST_LINES = 500_000;
/** Longer than any line of the programs that are read. */
const MOST_CHARS = 16_384;

/** The lines of what a program printed, without their ends; bounded in number and length. */
export function linesOf(text: string): string[] {
  return text.split("\n", MOST_LINES).map((line) => line.slice(0, MOST_CHARS).replace(/\r$/, ""));
}

/** The words of a line, by white space. */
export function wordsOf(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== "");
}
