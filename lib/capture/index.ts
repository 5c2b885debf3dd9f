export { buildFilter } from "./filter.js";
export {
  planCaptures,
  type CapturePlanOptions,
  type HopCapturePlan,
  type NodeCapturePlan,
  type PodFolder,
} from "./plan.js";
export {
  CaptureSession,
  startCaptures,
  type Barrier,
  type CaptureEvent,
  type StartCapturesOptions,
} from "./session.js";
export {
  DROPTRACE_ACTION,
  DropTraceSession,
  planDropTraces,
  type CollectedTrace,
  type DropTraceOptions,
  type DropTracePlan,
} from "./droptrace.js";
export { CAPTURE_SCRIPTS } from "./scripts.js";
export { attachCaptures, stopDetached, type AttachOptions } from "./attach.js";
export {
  assertCanStay,
  LIST_ACTION,
  parseList,
  planBundle,
  planDetached,
  planList,
  type DetachedPlan,
  type DetachOptions,
} from "./detached.js";
