import { HopbookError, type ErrorProblem } from "../errors.js";
import type { ProblemRule } from "./rules.js";

/** A problem at its place in the text; line and column count from 1. */
export interface PlacedProblem {
  /** Where it is another file than the document's own: a merged document has lines of several. */
  readonly file?: string;
  /** The text of the line; absent: it is the document's line of that number. */
  readonly text?: string;
  readonly line: number;
  readonly column: number;
  /** Behind its last character, on the same line; undefined where that is not known. */
  readonly endColumn?: number | undefined;
  readonly message: string;
  readonly suggestion?: string;
  /** Default `invalid-value`. */
  readonly rule?: ProblemRule | undefined;
}

const MAX_SHOWN_PROBLEMS = 100;
/** What a program gets; a file of nothing but mistakes must not become a report of any size. */
const MAX_LISTED_PROBLEMS = 1000;
/** Characters of a source line that are shown around the caret. */
const WINDOW = 120;

/**
 * One DOCUMENT_INVALID error for all problems of a file (of several: file by file), in the order of its lines.
 * `detail` shows each with the offending line and a caret; `where` is the first one's place; `problems` has them
 * for programs.
 */
export function explainProblems(
  source: { readonly file: string; readonly text: string },
  problems: readonly PlacedProblem[],
): HopbookError {
  const files = [...new Set(problems.map((problem) => problem.file ?? source.file))];
  const rank = (problem: PlacedProblem): number => files.indexOf(problem.file ?? source.file);
  const sorted = [...problems].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
  const [first] = sorted;
  const file = first?.file ?? source.file;
  const lines = splitLines(source.text);
  const shown = sorted
    .slice(0, MAX_SHOWN_PROBLEMS)
    .map((problem) => drawProblem(problem.file ?? source.file, lines, problem));
  if (sorted.length > shown.length) shown.push(`… and ${sorted.length - shown.length} more problems`);
  const what =
    sorted.length === 1 && first !== undefined ? first.message : `it has ${sorted.length} problems`;
  return new HopbookError("DOCUMENT_INVALID", `Cannot use ${escapeControls(file)}: ${escapeControls(what)}`, {
    where: { file, ...(first && { line: first.line, column: first.column }) },
    hint:
      sorted.length === 1 && first?.suggestion !== undefined
        ? capitalise(first.suggestion)
        : "Correct the lines shown",
    detail: shown.join("\n"),
    problems: sorted.slice(0, MAX_LISTED_PROBLEMS).map((problem) => ({
      ...toErrorProblem(problem),
      ...(problem.file !== undefined && problem.file !== file && { file: problem.file }),
    })),
  });
}

/** The lines of a text, by any of YAML's line ends. */
function splitLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

function toErrorProblem(problem: PlacedProblem): ErrorProblem {
  const { line, column, endColumn, message, suggestion, rule = "invalid-value" } = problem;
  return {
    line,
    column,
    ...(endColumn !== undefined && endColumn > column && { endColumn }),
    message: escapeControls(message),
    ...(suggestion !== undefined && { suggestion: escapeControls(suggestion) }),
    rule,
  };
}

function drawProblem(file: string, lines: readonly string[], problem: PlacedProblem): string {
  const { line, column, message, suggestion } = problem;
  const { text, caret } = cutLine(problem.text ?? lines[line - 1] ?? "", column);
  const margin = String(line).length;
  const note = suggestion === undefined ? "" : ` ${suggestion}`;
  return [
    `${file}:${line}:${column}: ${message}`,
    `  ${line} | ${text}`,
    `  ${" ".repeat(margin)} | ${caret}^${note}`,
  ]
    .map(escapeControls)
    .join("\n");
}

/** The part of a line around a column, and the white space that puts a caret under it. */
function cutLine(line: string, column: number): { text: string; caret: string } {
  const from = column > WINDOW ? column - 1 - WINDOW / 2 : 0;
  const lead = from > 0 ? "…" : "";
  const text = lead + line.slice(from, from + WINDOW) + (line.length > from + WINDOW ? "…" : "");
  const before = lead + line.slice(from, column - 1);
  // Tabs stay tabs, or the caret stands elsewhere; what is escaped takes the escape's width.
  const caret = escapeControls(before).replace(/[^\t]/gu, " ");
  return { text, caret };
}

/** Terminal control characters and bidirectional overrides written out, tabs kept: files are hostile. */
function escapeControls(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function capitalise(text: string): string {
  const plain = text.replace(/\?$/, "");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
