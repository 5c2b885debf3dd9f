import { HopbookError } from "../../errors.js";
import type { ExecResult } from "../../model/access.js";
import type { PlannedCommand, StepContext } from "../../model/steps.js";

/** Of stdout, and of stderr: what prints more is ended. */
const MOST_OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs a command of the runbook's own as it was planned, until it ends, its time is over, or the step or the run is ended.
 * Throws why its node is not open where it is not.
 */
export async function executePlanned(
  { node, action, argv }: PlannedCommand,
  timeoutMs: number,
  { accesses, unreachable, signal, cancelled }: StepContext,
): Promise<ExecResult> {
  const access = accesses.get(node);
  if (access === undefined) {
    throw (
      unreachable.get(node) ??
      new HopbookError("NODE_UNREACHABLE", `Cannot run a command on ${node}: it is not open to this run`)
    );
  }
  return access.exec(argv, {
    action,
    timeoutMs,
    maxOutputBytes: MOST_OUTPUT_BYTES,
    signal: AbortSignal.any([signal, cancelled]),
  });
}
