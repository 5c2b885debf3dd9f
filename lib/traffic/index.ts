export { parseProbe, type ProbeResult } from "./parse.js";
export { planProbe, PROBE_SCRIPTS, type ProbePlan } from "./plan.js";
export type { ProbeOptions } from "./check.js";
