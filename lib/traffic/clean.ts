/** One line of somebody else's text, for people: no control characters, not long. */
export function cleanText(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, "?")
    .trim()
    .slice(0, 200);
}

const MAX_LINE_CHARS = 1000;

/** The lines that a probe may have said: a longer one is none of them, and would only cost time. */
export function linesOf(text: string, mostChars = MAX_LINE_CHARS): string[] {
  return text.split("\n").filter((line) => line.length <= mostChars);
}
