import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** Text in terminal columns: a Chinese character takes two, a combining mark none. It must be visible() already. */

const SEGMENTER = new Intl.Segmenter();

/** Whose characters take a column each, as nearly all of what is printed does: string-width takes a tenth of a second to begin. */
const PLAIN = /^[ -~·×→–—…─-╿]*$/;

/** Columns that `text` takes. */
export function measureColumns(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** Padded on the right, where it takes fewer columns. */
export function padColumns(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - measureColumns(text)));
}

/** Padded on the right, or cut in the middle with `mark`: both ends of an interface's or pod's name matter. */
export function fitColumns(text: string, columns: number, mark = "…"): string {
  if (measureColumns(text) <= columns) return padColumns(text, columns);
  const room = Math.max(0, columns - measureColumns(mark));
  const clusters = Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
  const head = takeColumns(clusters, Math.ceil(room / 2));
  const tail = takeColumns(clusters.reverse(), Math.floor(room / 2));
  return padColumns([...head, mark, ...tail.reverse()].join(""), columns);
}

function takeColumns(clusters: readonly string[], columns: number): string[] {
  let used = 0;
  const end = clusters.findIndex((cluster) => (used += measureColumns(cluster)) > columns);
  return clusters.slice(0, end === -1 ? clusters.length : end);
}

/** Lines of at most `columns`, broken at spaces, and inside a word only where it is longer than a line. */
export function wrapColumns(text: string, columns: number): string[] {
  return wrapAnsi(text, Math.max(8, columns), { hard: true }).split("\n");
}
