/** Runs, and the plans of them. */
export { discoverHops, planRunbook, type Plan } from "../run/plan.js";
export { runPlan, runRunbook, type RunOutcome, type RunPlanOptions } from "../run/run.js";
export {
  type KubeChoice,
  type NodePods,
  type PlanOptions,
  type RawInputs,
  type RunOptions,
  type RunReport,
  type SharedOptions,
} from "../session/options.js";
