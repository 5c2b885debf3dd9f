import { HopbookError } from "../errors.js";
import { ACTIONS, visible, type Policy, type Verdict } from "../permissions/index.js";
import { captureLimitsOf } from "./foresee-capture.js";
import type { ForeseenStep } from "./foresee.js";

interface Refusal {
  readonly step: ForeseenStep;
  readonly verdict: Verdict;
}

/** Steps that will surely run and surely be refused. */
export function findRefusals(steps: readonly ForeseenStep[], policy: Policy): readonly Refusal[] {
  return steps
    .filter(({ wanted }) => wanted === "yes")
    .flatMap((step): Refusal[] => {
      const verdict = findRefusal(step, policy);
      return verdict === undefined ? [] : [{ step, verdict }];
    });
}

/**
 * Throws PERMISSION_DENIED where a step that will surely run will surely be refused: better now than after the nodes
 * were touched. A step whose failure the runbook bears is let go, unless a whole scope that it is there for is refused.
 */
export function refuseImpossible(
  steps: readonly ForeseenStep[],
  { policy, name }: { readonly policy: Policy; readonly name: string },
): void {
  const refusals = findRefusals(steps, policy);
  const [first] = refusals;
  if (first === undefined) return;
  const lines = refusals.map(
    ({ step, verdict }) => `  ${step.id} (${step.uses}): ${visible(verdict.reason)}`,
  );
  throw new HopbookError(
    "PERMISSION_DENIED",
    `Cannot run ${name}: ${refusals.length === 1 ? "a step" : `${refusals.length} steps`} would be refused`,
    {
      detail: ["no node was touched; what would be refused:", ...lines].join("\n"),
      hint: hintOf(first),
    },
  );
}

function findRefusal(step: ForeseenStep, policy: Policy): Verdict | undefined {
  if (step.argv !== null) {
    const verdict = policy.foresee(policy.actionOf(step.argv), step.argv);
    return verdict.allowed || step.continueOnError ? undefined : verdict;
  }
  // Refused wherever it runs, be it on a node or in a pod.
  const [onNode, ...others] = step.either.map((argv) => policy.foresee(policy.actionOf(argv), argv));
  if (onNode?.allowed === false && others.every(({ allowed }) => !allowed)) {
    return step.continueOnError ? undefined : onNode;
  }
  const verdicts = step.actions.map((action) => ({ action, verdict: policy.foresee(action) }));
  const scoped = verdicts.find(
    ({ action, verdict }) =>
      !verdict.allowed && ACTIONS[action]?.needs === verdict.scope && verdict.scope !== undefined,
  );
  if (scoped !== undefined) return scoped.verdict;
  const limits = captureLimitsOf(step);
  const capture = limits === null ? undefined : policy.foreseeCapture(limits);
  if (capture?.allowed === false && !step.continueOnError) return capture;
  const isAllRefused = verdicts.length > 0 && verdicts.every(({ verdict }) => !verdict.allowed);
  return isAllRefused && !step.continueOnError ? verdicts[0]?.verdict : undefined;
}

function hintForRefusal({ by, reason, hint }: Verdict): string {
  if (hint !== undefined) return hint;
  if (by.startsWith("--")) return `Leave out ${visible(by)}`;
  if (/ are asked for$/.test(reason))
    return "Ask for less by the runbook's inputs, or declare more under permissions.capture";
  if (reason.startsWith("it is denied")) return `Change what denies it: ${visible(by)}`;
  return "Declare it under permissions in the runbook, if it is meant to do this";
}

export function hintOf({ step, verdict }: Refusal): string {
  const flag = verdict.flag === null ? "" : `Add ${verdict.flag}`;
  const other = flag === "" ? hintForRefusal(verdict) : flag;
  const input = step.switchedBy;
  return input === null ? other : `${other}, or leave the step ${step.id} out by its input ${input}`;
}
