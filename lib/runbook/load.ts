import { assertValid, invalid, parseDocument, readDocument, type SourceDocument } from "../document/index.js";
import { readStep, type StepData } from "./load-step.js";
import type {
  CheckOutcome,
  InputSpec,
  OutcomeStatus,
  PermissionsSpec,
  Runbook,
  RunbookCheck,
} from "./types.js";
import { findRunbookProblems } from "./validate.js";

/** A runbook as the schema lets it stand in the file. */
interface RunbookData {
  readonly metadata: {
    readonly name: string;
    readonly title: string;
    readonly description?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  readonly permissions?: PermissionsSpec;
  readonly steps: readonly StepData[];
  readonly checks?: readonly CheckData[];
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
  readonly uri?: string;
}

/**
 * Reads a runbook. Throws FILE_UNREADABLE, or DOCUMENT_INVALID with every problem of its syntax, its schema
 * or its references at file:line:column. That its step kinds exist is `checkRunbook`'s question.
 */
export async function loadRunbook(file: string): Promise<Runbook> {
  return readRunbook(await readDocument(file));
}

/** The same for text that is at hand: a run folder's copy, a test. `file` is what messages call it. */
export function parseRunbook(text: string, file: string): Runbook {
  return readRunbook(parseDocument(text, file));
}

function readRunbook(document: SourceDocument): Runbook {
  const data = assertValid<RunbookData>(document, "runbook");
  const { description, labels = {}, name, title } = data.metadata;
  const runbook: Runbook = {
    document,
    metadata: { name, title, description, labels },
    inputs: data.inputs ?? {},
    permissions: data.permissions ?? {},
    steps: data.steps.map((step, index) => readStep(step, { path: ["steps", index], file: document.file })),
    checks: (data.checks ?? []).map(readCheck),
    finally: (data.finally ?? []).map((step, index) =>
      readStep(step, { path: ["finally", index], file: document.file }),
    ),
  };
  const problems = findRunbookProblems(runbook);
  if (problems.length > 0) throw invalid(document, problems);
  return runbook;
}

function readCheck(check: CheckData, index: number): RunbookCheck {
  const outcomes = check.outcomes.map((outcome, position): CheckOutcome => {
    const [[status, answer]] = Object.entries(outcome) as [[OutcomeStatus, AnswerData]];
    const path = ["checks", index, "outcomes", position, status];
    return { status, if: answer.if, message: answer.message, uri: answer.uri, path };
  });
  return { id: check.id, title: check.title, outcomes };
}
