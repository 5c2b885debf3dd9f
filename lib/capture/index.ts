export { planCaptures, planPoints, type NodeCapturePlan, type PodFolder } from "./plan.js";
export type { AgentLine } from "./agent-lines.js";
export { CaptureSession, startCaptures, type CaptureEvent } from "./session.js";
export { DROPTRACE_ACTION, DropTraceSession, planDropTraces } from "./droptrace.js";
export { planPacketWatch, readPacketWatch } from "./packet-watch.js";
export { parseRing, shrinkRing, type Ring } from "./ring.js";
export { CAPTURE_SCRIPTS } from "./scripts.js";
export { CaptureFollower } from "./follow.js";
export { attachCaptures, stopDetached } from "./attach.js";
export {
  assertCanStay,
  LIST_ACTION,
  parseList,
  planBundle,
  planDetached,
  planList,
  type DetachedPlan,
} from "./detached.js";
export {
  FILTER_CHECK_ACTION,
  linksTextOf,
  planFilterCheck,
  readFilterCheck,
  type FilterPlace,
} from "./filter-check.js";
export { checkFilterText, withoutLogin } from "./user-filter.js";
