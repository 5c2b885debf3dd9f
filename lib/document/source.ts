import { readFile, stat } from "node:fs/promises";
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Document,
  type Node as YamlNode,
  type YAMLMap,
} from "yaml";
import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";
import { explainProblems, type PlacedProblem } from "./explain.js";
import { findPart, type TextRange, type ValuePart } from "./place.js";
import type { ProblemRule } from "./rules.js";
import { targetOf } from "./structure.js";
import { findControlCharacter, parseYaml } from "./yaml.js";

/** Larger files are refused: nobody writes them by hand. */
export const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;

export type DocumentPath = readonly (string | number)[];

/** Who wrote a value: the file, the place in it (from 1), and the text of that line. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** A YAML file: its text, its plain data, and where in the text each piece of data stands. */
export interface SourceDocument {
  readonly file: string;
  readonly text: string;
  /** Plain JSON data (null for an empty file). Aliased parts are the same object. */
  readonly data: unknown;
  /**
   * Line and column, from 1, of the value (or of its key) at a path; where the path ends early, of the
   * deepest part of it that is there.
   */
  locate(path: DocumentPath, at?: "key" | "value"): { line: number; column: number };
  /** The same with the file: a document that was merged of several has values of each. */
  origin(path: DocumentPath, at?: "key" | "value"): Origin;
  /**
   * As `locate`, with the end where that is on the same line; `part` narrows it to a part of a text value. The line
   * is one of the file that `origin` names.
   */
  span?(path: DocumentPath, options?: SpanOptions): Span;
}

interface SpanOptions {
  readonly at?: "key" | "value" | undefined;
  readonly part?: ValuePart | undefined;
}

export interface Span {
  readonly line: number;
  readonly column: number;
  /** Behind the last character. */
  readonly endColumn?: number;
}

/**
 * Reads and parses a YAML file.
 *
 * Throws HopbookError FILE_UNREADABLE (missing, a folder, no right to it) or DOCUMENT_INVALID (too large,
 * not UTF-8, not YAML).
 */
export async function readDocument(file: string): Promise<SourceDocument> {
  const bytes = await readBytes(file);
  return parseDocument(decodeText(bytes, file), file);
}

async function readBytes(file: string): Promise<Buffer> {
  let sizeBytes: number;
  try {
    const info = await stat(file);
    // A FIFO or a device may never end.
    if (!info.isFile()) throw new Error("it is not a regular file");
    sizeBytes = info.size;
    if (sizeBytes <= MAX_DOCUMENT_BYTES) return await readFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
  throw tooLarge(file, sizeBytes);
}

function decodeText(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    // The first byte that does not survive a round trip is the first one that is not UTF-8.
    const again = Buffer.from(bytes.toString("utf8"), "utf8");
    let offset = 0;
    while (offset < bytes.length - 1 && bytes[offset] === again[offset]) offset++;
    const before = bytes.subarray(0, offset).toString("utf8");
    const line = before.split("\n").length;
    const column = before.length - before.lastIndexOf("\n");
    const message = `byte 0x${(bytes[offset] as number).toString(16).padStart(2, "0")} is not UTF-8`;
    throw new HopbookError("DOCUMENT_INVALID", `Cannot use ${file}: it is not UTF-8 text`, {
      where: { file, line, column },
      hint: "Save it as UTF-8",
      detail: `${file}:${line}:${column}: ${message}`,
      problems: [{ line, column, message, rule: "file-encoding" satisfies ProblemRule }],
      cause,
    });
  }
}

/**
 * Parses YAML 1.2 (core schema) of one document. Duplicate keys, a `__proto__` key, unknown tags, control
 * characters and runaway aliases are problems like syntax errors; all are reported at once.
 *
 * Throws HopbookError DOCUMENT_INVALID.
 */
export function parseDocument(text: string, file: string): SourceDocument {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_DOCUMENT_BYTES) throw tooLarge(file, sizeBytes);
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const lines = new LineCounter();
  const placeOf = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const control = findControlCharacter(source);
  const { document, problems } = parseYaml(source, lines, control);
  if (problems.length > 0) {
    const placed = problems.map(({ offset, ...rest }): PlacedProblem => ({ ...placeOf(offset), ...rest }));
    throw explainProblems({ file, text: source }, placed);
  }
  const locate: SourceDocument["locate"] = (path, at = "value") =>
    placeOf(document === undefined ? 0 : findRange(document, path, at).start);
  const data = document === undefined ? null : toPlainData(document);
  return {
    file,
    text: source,
    data,
    locate,
    span(path, { at = "value", part } = {}) {
      if (document === undefined) return placeOf(0);
      const whole = findRange(document, path, at);
      const value = part === undefined ? undefined : valueAt(data, path);
      const inner =
        part !== undefined && typeof value === "string"
          ? findPart(source, { data: value, range: whole }, part)
          : undefined;
      const { start, end } = inner ?? (part === undefined ? whole : { start: whole.start, end: whole.start });
      const [from, to] = [placeOf(start), placeOf(end)];
      return from.line === to.line && end > start ? { ...from, endColumn: to.column } : from;
    },
    origin(path, at) {
      const { line, column } = locate(path, at);
      const start = lines.lineStarts[line - 1] ?? 0;
      const end = lines.lineStarts[line] ?? source.length;
      return { file, line, column, text: source.slice(start, end).replace(/[\r\n]+$/, "") };
    },
  };
}

function tooLarge(file: string, sizeBytes: number): HopbookError {
  const message = `its size is ${sizeBytes} bytes`;
  const limit = `keep it under ${MAX_DOCUMENT_BYTES} bytes`;
  return new HopbookError("DOCUMENT_INVALID", `Cannot use ${file}: ${message}`, {
    where: { file },
    hint: `Keep it under ${MAX_DOCUMENT_BYTES} bytes`,
    problems: [{ line: 1, column: 1, message, suggestion: limit, rule: "file-size" satisfies ProblemRule }],
  });
}

/** Aliases were counted with the structure: the parser's own count of them takes quadratic time. */
function toPlainData(document: Document): unknown {
  return document.toJS({ maxAliasCount: -1 }) as unknown;
}

function findRange(document: Document, path: DocumentPath, at: "key" | "value"): TextRange {
  let node: YamlNode | null = document.contents;
  let range = rangeOf(node, { start: 0, end: 0 });
  for (const [depth, segment] of path.entries()) {
    if (isAlias(node)) node = targetOf(node) ?? null;
    const child = findChild(node, segment);
    // Where the path ends early there is only a place to begin at.
    if (child === undefined) return { start: range.start, end: range.start };
    const isLast = depth === path.length - 1;
    const wanted: YamlNode | null = isLast && at === "key" ? (child.key ?? child.value) : child.value;
    // A key with nothing behind it has its empty value after the line: the key is the better place.
    const shown: YamlNode | null = isEmptyScalar(wanted) ? (child.key ?? wanted) : wanted;
    range = rangeOf(shown, range);
    node = child.value;
  }
  return range;
}

function rangeOf(node: YamlNode | null, otherwise: TextRange): TextRange {
  const range = node?.range;
  return range === undefined || range === null ? otherwise : { start: range[0], end: range[1] };
}

function valueAt(data: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>(
    (inner, segment) => (inner as Record<string | number, unknown> | null | undefined)?.[segment],
    data,
  );
}

interface Child {
  readonly key: YamlNode | null;
  readonly value: YamlNode | null;
}

function findChild(node: YamlNode | null, segment: string | number): Child | undefined {
  if (isSeq(node)) {
    const value = typeof segment === "number" ? node.items[segment] : undefined;
    return value === undefined ? undefined : { key: null, value: value as YamlNode };
  }
  if (!isMap(node)) return undefined;
  return indexOf(node).get(String(segment));
}

/** Maps are searched once for every value that is located: a list of all origins would take quadratic time. */
const indexes = new WeakMap<YAMLMap, Map<string, Child>>();

function indexOf(map: YAMLMap): Map<string, Child> {
  const known = indexes.get(map);
  if (known !== undefined) return known;
  const index = new Map<string, Child>();
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === undefined || index.has(name)) continue;
    index.set(name, { key: key as YamlNode, value: value as YamlNode | null });
  }
  indexes.set(map, index);
  return index;
}

function isEmptyScalar(node: YamlNode | null): boolean {
  return isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1];
}
