import type { RunOutcome } from "../engine/engine.js";
import { asHopbookError, EXIT, type ExitCode } from "../errors.js";
import type { Findings, VerdictStatus } from "../model/findings.js";

const BROKEN: readonly VerdictStatus[] = ["lost", "rejected", "unanswered"];

/** Of a run: interruption first, then what was found, then what went wrong, then what is missing. */
export function exitCodeOfRun(outcome: RunOutcome, findings: Findings): ExitCode {
  if (outcome.status === "interrupted") return EXIT.interrupted;
  if (hasFailedCheck(findings)) return EXIT.findings;
  if (outcome.error !== null) return asHopbookError(outcome.error).exitCode;
  return outcome.incomplete.length > 0 ? EXIT.incomplete : exitCodeOfFindings(findings);
}

/**
 * Of evidence alone: a failed check, or, where there is no runbook to check by, a flow that is broken or that a detector
 * calls a failure. What could not be decided is incomplete: 0 is where all is well.
 */
export function exitCodeOfFindings(findings: Findings): ExitCode {
  const { checks, flows, run } = findings;
  const isUnchecked = checks.length === 0;
  if (hasFailedCheck(findings) || (isUnchecked && isBroken(findings))) return EXIT.findings;
  const isOpen =
    checks.some((check) => check.status === "incomplete") ||
    flows.some((flow) => flow.verdict.status === "inconclusive");
  return run.complete && !isOpen ? EXIT.healthy : EXIT.incomplete;
}

function isBroken({ flows, leftOut }: Findings): boolean {
  const hidden = BROKEN.some((status) => (leftOut?.statuses[status] ?? 0) > 0);
  const failed = flows.some(({ findings = [] }) => findings.some(({ severity }) => severity === "fail"));
  return hidden || failed || flows.some((flow) => BROKEN.includes(flow.verdict.status));
}

function hasFailedCheck(findings: Findings): boolean {
  return findings.checks.some((check) => check.status === "fail");
}
