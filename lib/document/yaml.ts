import { parseAllDocuments, type Document, type LineCounter } from "yaml";
import { findRunawayDepth } from "./depth.js";
import type { ProblemRule } from "./rules.js";
import { findStructureProblems } from "./structure.js";

interface OffsetProblem {
  /** Into the text. */
  readonly offset: number;
  readonly message: string;
  readonly suggestion?: string;
  readonly rule: ProblemRule;
}

/**
 * Text that is no YAML at all has one problem, its first one: what follows it is guessed. Everything else that YAML
 * allows and plain data does not is told at once.
 */
export function parseYaml(
  text: string,
  lineCounter: LineCounter,
  control: OffsetProblem | undefined,
): { document?: Document; problems: OffsetProblem[] } {
  const tooDeep = findRunawayDepth(text);
  if (tooDeep !== undefined) {
    // linePos needs the lines, which the parser would have told.
    for (const match of text.slice(0, tooDeep).matchAll(/^/gm)) lineCounter.addNewLine(match.index);
    const message = "it may nest too deeply here to be read";
    return { problems: [{ offset: tooDeep, message, rule: "yaml-depth" }] };
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
    }) as readonly Document[];
    const faults = documents.flatMap((document) => [...document.errors, ...document.warnings]);
    const syntax = faults
      .map((fault): OffsetProblem => {
        const [offset] = fault.pos;
        const message = describeSyntax(fault.message);
        const suggestion = suggestFor(fault.message, text.slice(offset, offset + 1000));
        return { offset, message, rule: "yaml-syntax", ...(suggestion !== undefined && { suggestion }) };
      })
      .concat(control ?? [])
      .sort((a, b) => a.offset - b.offset);
    const [first] = documents;
    if (syntax.length > 0) return { problems: syntax.slice(0, 1) };
    const problems = first === undefined ? [] : findStructureProblems(first);
    return { ...(first && { document: first }), problems: [...problems, ...findForeign(documents, text)] };
  } catch (error) {
    // The parser recurses: a file of nothing but brackets ends its stack.
    if (!(error instanceof RangeError)) throw error;
    return { problems: [{ offset: 0, message: "it is nested too deeply", rule: "yaml-depth" }] };
  }
}

/** What most often was meant. `text` begins where the fault is. */
function suggestFor(message: string, text: string): string | undefined {
  if (/^tabs are not/i.test(message)) return "indent with spaces";
  if (/^sequence item without/i.test(message)) return "indent the line as deep as the keys above it";
  // `? :` and `{a: b}` of an expression are YAML's own signs too.
  if (!/^[^\r\n]*\$\{\{/.test(text)) return undefined;
  const isNested = /^nested mappings/i.test(message);
  return `put the whole value in quotes${isNested ? ", and look at the indentation" : ""}`;
}

function findForeign([first, second]: readonly Document[], text: string): OffsetProblem[] {
  const found: OffsetProblem[] = [];
  if (second !== undefined) {
    const message = "a second document begins here, and one file holds one document";
    found.push({ offset: second.range?.[0] ?? text.length, message, rule: "yaml-documents" });
  }
  const { yaml } = first?.directives ?? {};
  if (yaml?.explicit === true && yaml.version !== "1.2") {
    const message = `YAML version is ${yaml.version}, and only 1.2 is read`;
    found.push({ offset: 0, message, rule: "yaml-version" });
  }
  return found;
}

function describeSyntax(message: string): string {
  const firstLine = message.split("\n", 1)[0] ?? message;
  return firstLine.charAt(0).toLowerCase() + firstLine.slice(1);
}

export function findControlCharacter(text: string): OffsetProblem | undefined {
  // YAML 1.2.2, production [1] c-printable: of the C0 and C1 controls only TAB, LF, CR and NEL.
  // eslint-disable-next-line no-control-regex
  const match = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/.exec(text);
  if (match === null) return undefined;
  const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  const message = `the character U+${code} is not allowed in YAML`;
  return { offset: match.index, message, rule: "file-encoding" };
}
