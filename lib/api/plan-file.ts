/** Plans as files. */
export { readPlanFile, writePlanFile } from "../run/plan-file.js";
export { newRunId } from "../session/run-id.js";
