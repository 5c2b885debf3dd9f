import type { HopbookError } from "../errors.js";
import type { CheckFinding } from "../model/findings.js";
import { evaluate, evaluateCondition, type ExpressionEnv } from "./expression.js";
import { typeEnvironment } from "./typed-environment.js";
import type { CheckOutcome, Runbook, RunbookCheck } from "./types.js";

/**
 * Answers each check of a runbook by its first outcome whose condition holds; where none does it is skipped.
 * A check whose expression cannot be evaluated (evidence is missing) is incomplete, and says why. `env`
 * needs `findings` beside what steps see.
 */
export function evaluateChecks(runbook: Runbook, env: ExpressionEnv): CheckFinding[] {
  const typed = typeEnvironment(env, runbook);
  return runbook.checks.map((check) => {
    try {
      return answerCheck(check, typed, runbook);
    } catch (error) {
      return { id: check.id, status: "incomplete", message: (error as HopbookError).message };
    }
  });
}

function answerCheck(check: RunbookCheck, env: ExpressionEnv, runbook: Runbook): CheckFinding {
  const outcome = check.outcomes.find((candidate) => evaluateCondition(candidate, env, runbook.document));
  if (outcome === undefined)
    return { id: check.id, status: "skipped", message: "no outcome's condition holds" };
  const { status, code: template, path } = outcome;
  const message = sayOutcome(outcome, env, runbook);
  if (template === undefined) return { id: check.id, status, message };
  const code = evaluate(template, env, { document: runbook.document, path: [...path, "code"] });
  return { id: check.id, status, message, ...(typeof code === "string" ? { code } : {}) };
}

function sayOutcome(outcome: CheckOutcome, env: ExpressionEnv, { document }: Runbook): string {
  const value = evaluate(outcome.message, env, { document, path: [...outcome.path, "message"] });
  const message = typeof value === "string" ? value : JSON.stringify(value);
  return outcome.uri === undefined ? message : `${message} (see ${outcome.uri})`;
}
