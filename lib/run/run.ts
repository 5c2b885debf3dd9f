import { foresee } from "../authority/foresee.js";
import { refuseOutlasting } from "../authority/known-faults.js";
import { describeDrift, describeEnds } from "../plan/drift.js";
import { digestOf, type SealedPlan } from "../plan/seal.js";
import { HopbookError } from "../errors.js";
import type { RunOptions, RunReport, SharedOptions } from "../session/options.js";
import { refuseOtherWays } from "./other-ways.js";
import { openRunbookSession, permit } from "../session/runbook-session.js";
import { inputsOfPlan, readPlanFile } from "./plan-file.js";
import { runSession } from "./run-session.js";
import { LIVE } from "./world.js";

export type { RunOutcome } from "../engine/engine.js";
export type { RunOptions, RunReport } from "../session/options.js";
export { planRunbook } from "./plan.js";

/**
 * Plans, runs, judges and reports. Rejects only where nothing was captured: before a node is touched, or where
 * discovery fails; afterwards evidence is kept and the outcome says what is missing.
 */
export async function runRunbook(options: RunOptions): Promise<RunReport> {
  const session = await openRunbookSession(options);
  refuseOutlasting(foresee(session.runbook, session.inputs));
  return runSession(await permit(session), options);
}

export interface RunPlanOptions
  extends Omit<SharedOptions, "cluster">, Pick<RunOptions, "out" | "record" | "live"> {
  /** A file that `hopbook plan --out` wrote. */
  readonly plan: string;
  /** In place of the one that was named when the plan was made. */
  readonly cluster?: string | undefined;
  /** Inputs that are secret: a plan does not have them. */
  readonly inputs?: RunOptions["inputs"];
}

/**
 * Runs what a plan file says, and nothing else: it is planned again, and where that gives anything else than the file
 * has, the run is refused with PLAN_DRIFT before anything changes on the nodes.
 */
export async function runPlan(options: RunPlanOptions): Promise<RunReport> {
  const agreed = await readPlanFile(options.plan);
  const { named } = agreed;
  const shared = {
    ...options,
    runbook: named.runbook,
    cluster: options.cluster ?? named.cluster ?? undefined,
    kube: {
      // Which file that context is in is not for a plan to say: a kubeconfig names programs that run here.
      kubeconfig: options.kube?.kubeconfig,
      context: options.kube?.context ?? (options.cluster === undefined ? named.kube?.context : undefined),
      namespace: options.kube?.namespace,
      contextNamespace: named.kube?.namespace,
      image: options.kube?.image,
      via: options.kube?.via,
      keepWarmMs: options.kube?.keepWarmMs,
    },
    // A plan may come from anybody, and then so does the profile that it names.
    isClusterNamed: options.cluster !== undefined,
  };
  const session = await openRunbookSession({ ...shared, inputs: {}, runId: agreed.run.id }, (runbook) =>
    inputsOfPlan(runbook, agreed, options.inputs ?? {}),
  );
  refuseOtherWays(agreed, session.profile);
  const agree = (now: SealedPlan): void => refuseDrift(agreed, { ...now, named });
  const permitted = await permit(session);
  const ends = await LIVE.ends(permitted);
  refuseOtherEnds(agreed, ends);
  return runSession(permitted, { ...options, agree, ends });
}

/** Found before anything is entered: what answers at another place is never asked. */
function refuseOtherEnds({ ends }: SealedPlan, now: SealedPlan["ends"]): void {
  const lines = describeEnds(ends, now);
  if (lines.length === 0) return;
  throw new HopbookError("PLAN_DRIFT", "Cannot run the plan: its commands would go elsewhere than it says", {
    detail: lines.join("\n"),
    hint: "Look at ssh's configuration and the kubeconfig, and make a new plan with hopbook plan … --out",
  });
}

function refuseDrift(agreed: SealedPlan, now: SealedPlan): void {
  const lines = describeDrift(agreed, { ...now, digest: digestOf(now) });
  if (lines.length === 0) return;
  throw new HopbookError("PLAN_DRIFT", "Cannot run the plan: what would run is no longer what it says", {
    detail: lines.join("\n"),
    hint: "Look at what changed, and make a new plan with hopbook plan … --out",
  });
}
