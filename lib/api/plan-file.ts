/** Plans as files. */
export { quoteFlag, readPlanFile, writePlanFile } from "../run/plan-file.js";
export { newRunId } from "../session/run-id.js";
