import { asHopbookError, HopbookError } from "../../errors.js";
import type { ProbeRecord } from "../../model/evidence.js";
import type { StepContext } from "../../model/steps.js";
import { parseProbe, type ProbePlan } from "../../traffic/index.js";

/** A run's id is 12 hex digits; a plan that is only shown has none yet. */
export function probeTagOf(runId: string): string {
  return /^[0-9a-f]{12}$/.test(runId) ? runId : "000000000000";
}

/** Runs a probe to its end; what kept it from being made is in its `error`. Throws PERMISSION_DENIED alone. */
export async function runProbe(plan: ProbePlan, context: StepContext): Promise<ProbeRecord> {
  const access = context.accesses.get(plan.node);
  try {
    if (access === undefined)
      throw new HopbookError("NODE_UNREACHABLE", `${plan.node} is not open to this run`);
    const { timeoutMs } = plan;
    const { stdout, stderr, exitCode } = await access.exec(plan.argv, {
      action: plan.action,
      timeoutMs,
      signal: context.signal,
    });
    return parseProbe(plan, { stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8"), exitCode });
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "PERMISSION_DENIED") throw known;
    return { ...parseProbe(plan, { stdout: "", stderr: "", exitCode: null }), error: known.message };
  }
}
