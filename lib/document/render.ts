import { Document } from "yaml";
import { explainProblems } from "./explain.js";
import { parseDocument, type DocumentPath, type Origin, type SourceDocument } from "./source.js";

interface RenderOptions {
  /** Lines of comment on top. */
  readonly header?: readonly string[];
}

/** Values that a document may have to be written out, aliases counted as often as they stand there. */
export const MAX_VALUES = 200_000;
/** Columns that a note is moved right at most, so that one long line does not move all of them out of sight. */
const MAX_NOTE_COLUMN = 80;

/** Plain data as YAML that reads back as the same data: one value a line, no aliases, long text not folded. */
export function renderYaml(data: unknown, { header = [] }: RenderOptions = {}): string {
  const document = new Document(data, { version: "1.2", schema: "core", aliasDuplicateObjects: false });
  const body = document.toString({ lineWidth: 0, nullStr: "null" });
  return header.length === 0 ? body : `${header.map((line) => `# ${line}\n`).join("")}\n${body}`;
}

/** The same with a comment behind each value's line: `note` says what, for the value's path. It reads back as well. */
export function renderAnnotated(
  data: unknown,
  { header = [], note }: RenderOptions & { readonly note: (path: DocumentPath) => string },
): string {
  const text = renderYaml(data, { header });
  const rendered = parseDocument(text, "");
  const notes = new Map<number, string>();
  for (const path of listLeaves(rendered.data)) notes.set(rendered.locate(path).line, note(path));
  const lines = text.split("\n");
  const widths = [...notes.keys()].map((line) => lines[line - 1]?.length ?? 0);
  const column = Math.min(
    MAX_NOTE_COLUMN,
    widths.reduce((width, other) => Math.max(width, other), 0),
  );
  return lines
    .map((line, index) => {
      const said = notes.get(index + 1);
      return said === undefined ? line : `${line.padEnd(column)}  # ${said}`;
    })
    .join("\n");
}

/** Paths of all values that hold no others: scalars, and empty lists and mappings. */
export function listLeaves(data: unknown, path: DocumentPath = []): DocumentPath[] {
  if (typeof data !== "object" || data === null) return [path];
  const isList = Array.isArray(data);
  const entries = Object.entries(data);
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, value]) => listLeaves(value, [...path, isList ? Number(key) : key]));
}

/** Aliases make the same object stand in many places: it is counted once and added for each. */
export function countValues(data: unknown, known = new Map<object, number>()): number {
  if (typeof data !== "object" || data === null) return 1;
  const seen = known.get(data);
  if (seen !== undefined) return seen;
  let count = 1;
  for (const value of Object.values(data)) count += countValues(value, known);
  known.set(data, count);
  return count;
}

/** Throws DOCUMENT_INVALID where a document has more values than can be written out one by one. */
export function assertBounded(document: SourceDocument): void {
  if (countValues(document.data) <= MAX_VALUES) return;
  const message = `it comes to more than ${MAX_VALUES} values`;
  throw explainProblems(document, [{ ...document.origin([]), message }]);
}

/** Who wrote each value of a document, by JSON pointer (RFC 6901). Throws DOCUMENT_INVALID where they are too many. */
export function listOrigins(document: SourceDocument): Record<string, Omit<Origin, "text">> {
  assertBounded(document);
  return Object.fromEntries(
    listLeaves(document.data).map((path) => {
      const { file, line, column } = document.origin(path);
      return [toPointer(path), { file, line, column }];
    }),
  );
}

function toPointer(path: DocumentPath): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
