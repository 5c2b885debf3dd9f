/** Runs, and the plans of them. */
import * as audit from "../run/audit.js";
import * as plan from "../run/plan.js";
import * as run from "../run/run.js";
import type * as options from "../session/options.js";
import { IN_CLUSTER, MAKES_FOLDER, withDefaults, type Lenient } from "./defaults.js";

export type AuditOptions = Lenient<audit.AuditOptions>;
export type PlanOptions = Lenient<options.PlanOptions>;
export type RunOptions = Lenient<options.RunOptions>;
export type RunPlanOptions = Lenient<run.RunPlanOptions>;
export type SharedOptions = Lenient<options.SharedOptions>;
export type { Plan } from "../run/plan.js";
export type { RunOutcome } from "../run/run.js";
export type { KubeChoice, NodePods, RawInputs, RunReport } from "../session/options.js";

/** The path judged by its nodes' state alone: nothing is captured, no traffic made. */
export const auditHops = withDefaults(audit.auditHops, IN_CLUSTER);
/** What a pod hangs on: host side, bridge, NIC, and how it is known. */
export const discoverAttachments = withDefaults(plan.discoverAttachments, IN_CLUSTER);
/** The path between two ends, from evidence. */
export const discoverHops = withDefaults(plan.discoverHops, IN_CLUSTER);
/** The exact commands of a run, node by node; changes nothing. */
export const planRunbook = withDefaults(plan.planRunbook, IN_CLUSTER);
/** Runs what a plan says, and only that. */
export const runPlan = withDefaults(run.runPlan, MAKES_FOLDER);
/** Plans, asks, runs and reports; the run's folder is made in `out`, by default ./artifacts. */
export const runRunbook = withDefaults(run.runRunbook, MAKES_FOLDER);
