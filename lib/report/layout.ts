/** Text in terminal columns: a Chinese character takes two, a combining mark none. */

const ZERO_WIDTH = /^\p{M}$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** Columns that `text` takes; it must be visible() already. */
export function measureColumns(text: string): number {
  let columns = 0;
  for (const char of text) columns += measureChar(char);
  return columns;
}

function measureChar(char: string): number {
  if (ZERO_WIDTH.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** Padded on the right, or cut in the middle with `mark`: both ends of an interface's or pod's name matter. */
export function fitColumns(text: string, columns: number, mark = "…"): string {
  const width = measureColumns(text);
  if (width <= columns) return text + " ".repeat(columns - width);
  const room = Math.max(0, columns - measureColumns(mark));
  const head = takeColumns([...text], Math.ceil(room / 2));
  const tail = takeColumns([...text].reverse(), Math.floor(room / 2));
  const cut = [...head, mark, ...tail.reverse()].join("");
  return cut + " ".repeat(Math.max(0, columns - measureColumns(cut)));
}

function takeColumns(chars: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const char of chars) {
    used += measureChar(char);
    if (used > columns) break;
    taken.push(char);
  }
  return taken;
}

/** Lines of at most `columns`, broken at spaces, and inside a word only where it is longer than a line. */
export function wrapColumns(text: string, columns: number): string[] {
  const limit = Math.max(8, columns);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((part) => splitWord(part, limit))) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (measureColumns(joined) <= limit) line = joined;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

function splitWord(word: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = [...word];
  while (measureColumns(rest.join("")) > limit) {
    const head = takeColumns(rest, limit);
    parts.push(head.join(""));
    rest = rest.slice(head.length);
  }
  return [...parts, rest.join("")];
}

/**
 * A packet's words within so many columns: sequence numbers go first, since ports and flags say more. Cut only
 * where that is not enough.
 */
export function fitPacket(summary: string, columns: number, mark = "…"): string {
  const drops = [/ ack \d+/, / seq \d+(?= len)/, / len 0(?=,)/, /, \d+ B$/];
  let text = summary;
  for (const drop of drops) {
    if (measureColumns(text) <= columns) break;
    text = text.replace(drop, "");
  }
  return fitColumns(text, columns, mark).trimEnd();
}
