import {
  invalid,
  parseDocument,
  readDocument,
  validateDocument,
  type DocumentPath,
  type Problem,
  type SourceDocument,
} from "../document/index.js";
import { extendsOf } from "./extends.js";
import { readStep, type StepData } from "./load-step.js";
import { resolveDocument, sourceOf, type LoadOptions, type ResolvedDocument } from "./overlay.js";
import { fileOf, findScriptProblems } from "./provenance.js";
import { salvageData } from "./salvage.js";
import type {
  CheckOutcome,
  InputSpec,
  KnownKind,
  OutcomeStatus,
  PermissionsSpec,
  Runbook,
  RunbookCheck,
  RunbookStep,
  Symptom,
} from "./types.js";
import { findRunbookProblems } from "./validate.js";

/** A runbook as the schema lets it stand in the file. */
interface RunbookData {
  readonly metadata: {
    readonly name: string;
    readonly title: string;
    readonly description?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly symptoms?: readonly Symptom[];
  };
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  readonly permissions?: PermissionsSpec;
  readonly steps: readonly StepData[];
  readonly checks?: readonly (CheckData | undefined)[];
  readonly finally?: readonly StepData[];
}

interface CheckData {
  readonly id: string;
  readonly title?: string;
  readonly outcomes: readonly Readonly<Partial<Record<OutcomeStatus, AnswerData>>>[];
}

interface AnswerData {
  readonly if?: string;
  readonly message: string;
  readonly code?: string;
  readonly uri?: string;
}

interface CheckOptions {
  /** With the step kinds there are, what `checkRunbook` finds is among the problems: all of them at once. */
  readonly kinds?: Iterable<KnownKind>;
}

/**
 * Reads a runbook, with what it extends and what is laid over it. Throws FILE_UNREADABLE, or DOCUMENT_INVALID with
 * every problem of its syntax, its schema, its references or its expressions at file:line:column.
 */
export async function loadRunbook(file: string, options: LoadOptions & CheckOptions = {}): Promise<Runbook> {
  return resolveRunbook(await readDocument(file), options);
}

/** The same for a document that was read already. */
export async function resolveRunbook(
  document: SourceDocument,
  options: LoadOptions & CheckOptions = {},
): Promise<Runbook> {
  return makeRunbook(await resolveDocument(document, options), options.kinds);
}

/** The same for text that is at hand: a run folder's copy, a test. `file` is what messages call it. */
export function parseRunbook(text: string, file: string, options: CheckOptions = {}): Runbook {
  return readRunbook(parseDocument(text, file), options);
}

/** The same for a document that was read already and extends nothing. */
function readRunbook(document: SourceDocument, { kinds }: CheckOptions = {}): Runbook {
  if (extendsOf(document) !== undefined) {
    const message = "a runbook that extends another cannot be read by itself";
    throw invalid(document, [{ path: ["extends"], at: "key", message }]);
  }
  return makeRunbook({ document, sources: [sourceOf(document, "runbook")] }, kinds);
}

function makeRunbook({ document, sources }: ResolvedDocument, kinds?: Iterable<KnownKind>): Runbook {
  const faults = validateDocument(document, "runbook");
  const salvage = faults.length === 0 ? undefined : salvageData(document.data, faults);
  if (faults.length > 0 && salvage === undefined) throw invalid(document, faults);
  const data = (salvage?.data ?? document.data) as RunbookData;
  const runbook = readData(data, { document, sources });
  const found = findRunbookProblems(runbook, {
    data,
    kinds: kinds === undefined ? undefined : new Map([...kinds].map((kind) => [kind.name, kind])),
    unreadable: {
      inputs: salvage?.inputs ?? new Set(),
      steps: new Set(
        [...runbook.steps, ...runbook.finally].filter(({ path }) => salvage?.steps.has(path.join("/"))),
      ),
    },
  });
  const problems = [...faults, ...withoutFollowUps(found, faults), ...findScriptProblems(runbook)];
  if (problems.length > 0) throw invalid(document, problems);
  return runbook;
}

/** What is only wrong because something else is: at the same place, or of permissions that cannot be read. */
function withoutFollowUps(found: readonly Problem[], faults: readonly Problem[]): readonly Problem[] {
  const places = new Set(faults.map(({ path }) => JSON.stringify(path)));
  const isUnsure = faults.some(({ path }) => path[0] === "permissions");
  return found.filter(
    ({ path, rule }) => !places.has(JSON.stringify(path)) && !(isUnsure && rule === "undeclared-action"),
  );
}

function readData(data: RunbookData, { document, sources }: ResolvedDocument): Runbook {
  const { description, labels = {}, name, symptoms, title } = data.metadata;
  // A script's path is relative to the file that says it, and that may be another one than the runbook's.
  const readOne = (step: StepData, path: DocumentPath): RunbookStep =>
    readStep(step, { path, file: fileOf({ document }, [...path, "script"]) });
  return {
    document,
    sources,
    metadata: { name, title, description, labels, ...(symptoms && { symptoms }) },
    inputs: data.inputs ?? {},
    permissions: data.permissions ?? {},
    steps: data.steps.map((step, index) => readOne(step, ["steps", index])),
    // Of a file with faults some are left out, and the others keep their places.
    checks: (data.checks ?? []).flatMap((check, index) =>
      check === undefined ? [] : [readCheck(check, index)],
    ),
    finally: (data.finally ?? []).map((step, index) => readOne(step, ["finally", index])),
  };
}

function readCheck(check: CheckData, index: number): RunbookCheck {
  const outcomes = check.outcomes.map((outcome, position): CheckOutcome => {
    const [[status, answer]] = Object.entries(outcome) as [[OutcomeStatus, AnswerData]];
    const path = ["checks", index, "outcomes", position, status];
    const { message, uri, code } = answer;
    return { status, if: answer.if, message, uri, path, ...(code === undefined ? {} : { code }) };
  });
  return { id: check.id, title: check.title, outcomes };
}
