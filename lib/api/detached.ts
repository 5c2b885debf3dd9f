/** Runs that go on without their client. */
export { collectRun, type CollectOptions } from "../detached/collect.js";
export { detachRunbook, type DetachOptions, type DetachReport } from "../detached/detach.js";
export {
  describeOneRun,
  listRuns,
  type DetachedNode,
  type DetachedRun,
  type RunsOptions,
  type RunsReport,
  type RunState,
} from "../detached/runs.js";
export { stopRun, type StopReport } from "../detached/stop.js";
