import type { RunOutcome } from "../engine/engine.js";
import { asHopbookError, EXIT, type ExitCode } from "../errors.js";
import type { Findings } from "../model/findings.js";

const BROKEN: readonly string[] = ["lost", "rejected", "unanswered"];

/** Of a run: interruption first, then what was found, then what went wrong, then what is missing. */
export function exitCodeOfRun(outcome: RunOutcome, findings: Findings): ExitCode {
  if (outcome.status === "interrupted") return EXIT.interrupted;
  if (hasFailedCheck(findings)) return EXIT.findings;
  if (outcome.error !== null) return asHopbookError(outcome.error).exitCode;
  return outcome.incomplete.length > 0 ? EXIT.incomplete : exitCodeOfFindings(findings);
}

/** Of evidence alone: a failed check, or, where there is no runbook to check by, a flow that is broken. */
export function exitCodeOfFindings(findings: Findings): ExitCode {
  const isUnchecked = findings.checks.length === 0;
  const broken = findings.flows.some((flow) => BROKEN.includes(flow.verdict.status));
  if (hasFailedCheck(findings) || (isUnchecked && broken)) return EXIT.findings;
  const undecided =
    findings.checks.some((check) => check.status === "incomplete") ||
    findings.flows.some((flow) => flow.verdict.status === "inconclusive");
  return findings.run.complete && !undecided ? EXIT.healthy : EXIT.incomplete;
}

function hasFailedCheck(findings: Findings): boolean {
  return findings.checks.some((check) => check.status === "fail");
}
