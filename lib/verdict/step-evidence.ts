import { readRunText } from "../analysis/index.js";
import { MARK_KINDS, type MarkFinding, type PrintedFinding, type PrintedLines } from "../model/findings.js";

/** A report is read; all of them are in the folder. */
const MOST_PRINTED = 64;
const MOST_MARKS = 200;
const MOST_LINES = 40;
const MOST_WORDS = 200;
const MOST_CHARS = 2000;

type Fields = Readonly<Record<string, unknown>>;

/** What commands of the runbook's own printed. A folder may come from anybody: what has not the shape is left out. */
export function readPrinted(dir: string): readonly PrintedFinding[] {
  return inOrder(readList(dir, "printed").flatMap(printedOf)).slice(0, MOST_PRINTED);
}

/** Those of one step together, as they stand in its matrix: side by side, each run ends in another order. */
function inOrder(printed: readonly PrintedFinding[]): readonly PrintedFinding[] {
  const places = new Map<string, number>();
  const placed = printed.map((one) => {
    const [, base = one.step, index = "0"] = /^(.+)\.([0-9]{1,6})$/.exec(one.step) ?? [];
    if (!places.has(base)) places.set(base, places.size);
    return { one, place: places.get(base) ?? 0, index: Number(index) };
  });
  return placed.toSorted((a, b) => a.place - b.place || a.index - b.index).map(({ one }) => one);
}

/** What happened while captures went on, in the order of their times; likewise. */
export function readMarks(dir: string): readonly MarkFinding[] {
  const marks = readList(dir, "marks").flatMap(markOf);
  return marks.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(0, MOST_MARKS);
}

function printedOf({ step, on, argv, exitCode, stdout, stderr, file }: Fields): readonly PrintedFinding[] {
  const known = typeof step === "string" && typeof on === "string" && typeof file === "string";
  if (!known || !(exitCode === null || Number.isSafeInteger(exitCode))) return [];
  const words = textsOf(argv, MOST_WORDS);
  const code = exitCode as number | null;
  return [{ step, on, file, exitCode: code, argv: words, stdout: linesOf(stdout), stderr: linesOf(stderr) }];
}

function linesOf(value: unknown): PrintedLines {
  const { first, leftOut, last } = fieldsOf(value);
  const count = Number.isSafeInteger(leftOut) && (leftOut as number) > 0 ? (leftOut as number) : 0;
  return { first: textsOf(first, MOST_LINES), leftOut: count, last: textsOf(last, MOST_LINES) };
}

function markOf({ kind, at, step, text, tookMs }: Fields): readonly MarkFinding[] {
  const known = MARK_KINDS.find((each) => each === kind);
  if (known === undefined || typeof step !== "string" || typeof text !== "string") return [];
  if (typeof at !== "string" || Number.isNaN(Date.parse(at))) return [];
  const took = typeof tookMs === "number" && Number.isFinite(tookMs) && tookMs >= 0 ? { tookMs } : {};
  return [{ kind: known, at, step, text: text.slice(0, MOST_CHARS), ...took }];
}

function readList(dir: string, key: string): readonly Fields[] {
  try {
    const list = fieldsOf(JSON.parse(readRunText(dir, `evidence/${key}.json`) ?? "{}"))[key];
    return Array.isArray(list) ? list.map(fieldsOf) : [];
  } catch {
    return [];
  }
}

function textsOf(value: unknown, most: number): readonly string[] {
  const texts = Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  return texts.slice(0, most).map((text) => text.slice(0, MOST_CHARS));
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
