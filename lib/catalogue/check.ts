import { invalid, nearest, PROBLEM_RULES, readDocument } from "../document/index.js";
import {
  asHopbookError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorPlace,
  type ErrorProblem,
  type HopbookError,
} from "../errors.js";
import { renderSarif } from "../report/index.js";
import { DOCUMENT_KINDS, type CheckContext, type DocumentKind } from "./document-kinds.js";
import { findDocuments } from "./find-documents.js";
import { VERSION } from "./places.js";
import { checkScriptFile, isScriptFile } from "./scripts.js";

export { PROBLEM_RULES };

export interface FileFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where: ErrorPlace | null;
  /** Every problem with its line and a caret, as a person reads it. */
  readonly detail: string | null;
  readonly hint: string | null;
}

export interface CheckedFile {
  readonly file: string;
  /** "runbook", "hop recipe", …; "unknown" where the file is not valid. */
  readonly kind: string;
  /** null: the file is valid. */
  readonly error: FileFault | null;
  /** Every problem at its place, for editors and SARIF; empty where the file is valid. */
  readonly problems: readonly ErrorProblem[];
}

/**
 * Validates documents of every kind by their `kind`; a folder stands for the hopbook documents below it. One bad file
 * does not end it. `cwd` is where runbooks are looked for that others extend by name; default: this process's.
 */
export async function checkFiles(
  paths: readonly string[],
  options: Partial<CheckContext> = {},
): Promise<readonly CheckedFile[]> {
  const results: CheckedFile[] = [];
  const context = { ...options, cwd: options.cwd ?? process.cwd() };
  for (const { file, error } of await findDocuments(paths)) {
    try {
      if (error !== undefined) throw error;
      results.push({ file, kind: await checkFile(file, context), error: null, problems: [] });
    } catch (thrown) {
      const known = asHopbookError(thrown);
      if (known.code === "INTERNAL") throw known;
      results.push({ file, kind: "unknown", error: faultOf(known), problems: problemsOf(known) });
    }
  }
  return results;
}

/** The title of the document's kind. Throws DOCUMENT_INVALID or FILE_UNREADABLE. */
async function checkFile(file: string, context: CheckContext): Promise<string> {
  if (isScriptFile(file)) return checkScriptFile(file);
  const document = await readDocument(file);
  // Without a kind it is most likely meant to be a runbook: its schema says what is missing.
  const name = (document.data as { kind?: unknown } | null)?.kind ?? "Runbook";
  const kind = kindOf(name);
  if (kind === undefined) {
    const names = Object.keys(DOCUMENT_KINDS);
    const near = typeof name === "string" ? nearest(name, names) : undefined;
    const message = `kind must be one of ${names.join(", ")}, is ${JSON.stringify(name)}`;
    const suggestion = near === undefined ? {} : { suggestion: `did you mean ${JSON.stringify(near)}?` };
    throw invalid(document, [{ path: ["kind"], message, rule: "unknown-kind", ...suggestion }]);
  }
  await kind.check(document, context);
  return kind.title;
}

function kindOf(name: unknown): DocumentKind | undefined {
  return typeof name === "string" && Object.hasOwn(DOCUMENT_KINDS, name) ? DOCUMENT_KINDS[name] : undefined;
}

function faultOf({ code, message, where, detail, hint }: HopbookError): FileFault {
  return { code, message, where: where ?? null, detail: detail ?? null, hint: hint ?? null };
}

/** An error that has no list of its own is one problem, at its place. */
function problemsOf(error: HopbookError): readonly ErrorProblem[] {
  const { problems } = error;
  if (problems !== undefined && problems.length > 0) return problems;
  const { line = 1, column = 1 } = error.where ?? {};
  const { message, hint } = error;
  return [
    { line, column, message, ...(hint === undefined ? {} : { suggestion: hint }), rule: ruleOf(error.code) },
  ];
}

/** `FILE_UNREADABLE` is the rule `file-unreadable`. */
function ruleOf(code: ErrorCode): string {
  return code.toLowerCase().replaceAll("_", "-");
}

/** What check found as SARIF 2.1.0, for code hosts and editors; paths are written relative to `root`. */
export function reportSarif(files: readonly CheckedFile[], options: { readonly root: string }): string {
  return renderSarif(files, { root: options.root, version: VERSION, rules: RULES });
}

/** What can be wrong with a file as a whole; what can be wrong within one comes with the problems' own rules. */
const WHOLE_FILE = ["FILE_UNREADABLE", "DOCUMENT_INVALID", "EXPRESSION_INVALID"] as const;
const RULES = [
  ...PROBLEM_RULES,
  ...WHOLE_FILE.map((code) => ({ id: ruleOf(code), means: ERROR_CODES[code].means })),
];
