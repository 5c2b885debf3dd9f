import { readFile, stat } from "node:fs/promises";
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node as YamlNode,
} from "yaml";
import { HopbookError } from "../errors.js";
import { explainProblems, type PlacedProblem } from "./explain.js";
import { findRunawayDepth } from "./depth.js";
import { findStructureProblems } from "./structure.js";

/** Larger files are refused: nobody writes them by hand. */
export const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;
const MAX_ALIAS_EXPANSIONS = 100;

export type DocumentPath = readonly (string | number)[];

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
    const reason = error instanceof Error ? error.message : String(error);
    throw new HopbookError("FILE_UNREADABLE", `Cannot read ${file}: ${reason}`, {
      where: { file },
      hint: "Check the path and that you may read it",
      cause: error,
    });
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
    while (offset < bytes.length && bytes[offset] === again[offset]) offset++;
    const before = bytes.subarray(0, offset).toString("utf8");
    const line = before.split("\n").length;
    const column = before.length - before.lastIndexOf("\n");
    throw new HopbookError("DOCUMENT_INVALID", `Cannot use ${file}: it is not UTF-8 text`, {
      where: { file, line, column },
      hint: "Save it as UTF-8",
      detail: `${file}:${line}:${column}: byte 0x${(bytes[offset] ?? 0).toString(16).padStart(2, "0")} is not UTF-8`,
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
  const place = (offset: number, message: string): PlacedProblem => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), message };
  };
  const { document, problems } = parseYaml(source, lines);
  if (document !== undefined) problems.push(...findStructureProblems(document));
  const control = findControlCharacter(source);
  if (control !== undefined) problems.push(control);
  if (problems.length > 0) {
    const placed = problems.map(({ offset, message }) => place(offset, message));
    throw explainProblems({ file, text: source }, placed);
  }
  return {
    file,
    text: source,
    data: document === undefined ? null : toPlainData(document, file, source),
    locate(path, at = "value") {
      const offset = document === undefined ? 0 : findOffset(document, path, at);
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
}

function tooLarge(file: string, sizeBytes: number): HopbookError {
  return new HopbookError("DOCUMENT_INVALID", `Cannot use ${file}: its size is ${sizeBytes} bytes`, {
    where: { file },
    hint: `Keep it under ${MAX_DOCUMENT_BYTES} bytes`,
  });
}

interface OffsetProblem {
  readonly offset: number;
  readonly message: string;
}

function parseYaml(
  text: string,
  lineCounter: LineCounter,
): { document?: Document; problems: OffsetProblem[] } {
  const tooDeep = findRunawayDepth(text);
  if (tooDeep !== undefined) {
    // linePos needs the lines, which the parser would have told.
    for (const match of text.slice(0, tooDeep).matchAll(/^/gm)) lineCounter.addNewLine(match.index);
    return { problems: [{ offset: tooDeep, message: "it may nest too deeply here to be read" }] };
  }
  try {
    const documents = parseAllDocuments(text, {
      version: "1.2",
      schema: "core",
      strict: true,
      merge: false,
      // Compared in structure.ts: here it would take quadratic time.
      uniqueKeys: false,
      resolveKnownTags: false,
      prettyErrors: false,
      logLevel: "error",
      lineCounter,
    });
    const problems = documents.flatMap((document) => [...document.errors, ...document.warnings]);
    const found = problems.map((problem) => ({
      offset: problem.pos[0],
      message: describeSyntax(problem.message),
    }));
    const [first, second] = documents as readonly Document[];
    if (second !== undefined) {
      const offset = second.range?.[0] ?? text.length;
      found.push({ offset, message: "a second document begins here, and one file holds one document" });
    }
    if (first === undefined) return { problems: found };
    const { yaml } = first.directives ?? {};
    if (yaml?.explicit === true && yaml.version !== "1.2") {
      found.push({ offset: 0, message: `YAML version is ${yaml.version}, and only 1.2 is read` });
    }
    return { document: first, problems: found };
  } catch (error) {
    // The parser recurses: a file of nothing but brackets ends its stack.
    if (error instanceof RangeError) return { problems: [{ offset: 0, message: "it is nested too deeply" }] };
    throw error;
  }
}

function describeSyntax(message: string): string {
  const firstLine = message.split("\n", 1)[0] ?? message;
  return firstLine.charAt(0).toLowerCase() + firstLine.slice(1);
}

function findControlCharacter(text: string): OffsetProblem | undefined {
  // YAML 1.2.2, production [1] c-printable: of the C0 and C1 controls only TAB, LF, CR and NEL.
  // eslint-disable-next-line no-control-regex
  const match = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/.exec(text);
  if (match === null) return undefined;
  const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return { offset: match.index, message: `the character U+${code} is not allowed in YAML` };
}

function toPlainData(document: Document, file: string, text: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIAS_EXPANSIONS }) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw explainProblems({ file, text }, [{ line: 1, column: 1, message: describeSyntax(reason) }]);
  }
}

function findOffset(document: Document, path: DocumentPath, at: "key" | "value"): number {
  let node: YamlNode | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    const child = findChild(node, segment);
    if (child === undefined) return offset;
    const isLast = depth === path.length - 1;
    const wanted: YamlNode | null = isLast && at === "key" ? (child.key ?? child.value) : child.value;
    // A key with nothing behind it has its empty value after the line: the key is the better place.
    const shown: YamlNode | null = isEmptyScalar(wanted) ? (child.key ?? wanted) : wanted;
    offset = shown?.range?.[0] ?? offset;
    node = child.value;
  }
  return offset;
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
  const pair = node.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(segment),
  );
  return pair === undefined ? undefined : { key: pair.key as YamlNode, value: pair.value as YamlNode | null };
}

function isEmptyScalar(node: YamlNode | null): boolean {
  return isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1];
}
