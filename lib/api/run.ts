/** Runs, and the plans of them. */
export { auditHops, type AuditOptions } from "../run/audit.js";
export { discoverAttachments, discoverHops, planRunbook, type Plan } from "../run/plan.js";
export { runPlan, runRunbook, type RunOutcome, type RunPlanOptions } from "../run/run.js";
export type {
  KubeChoice,
  NodePods,
  PlanOptions,
  RawInputs,
  RunOptions,
  RunReport,
  SharedOptions,
} from "../session/options.js";
