export { chooseAccess, noAccess, weighAccess } from "./choose/access.js";
export { gatherAccessFacts } from "./choose/facts.js";
export type {
  AccessFacts,
  AccessPlan,
  AccessWishes,
  ChooseAccessOptions,
  NodeCandidate,
  PlaceFacts,
  PodCandidate,
  PodFacts,
  Verdict,
} from "./choose/types.js";
export {
  askRights,
  canI,
  describeRight,
  describeRights,
  missingOf,
  type Right,
  type RightAnswer,
} from "./choose/rights.js";
export { FACT_RIGHTS, factRightsIn, podRights, podWayRights } from "./choose/rights-needed.js";
export { describeFailures, gatherFacts, type ClusterFacts, type GatherOptions } from "./facts/gather.js";
export { avoidMasquerade } from "./ends/kinds.js";
export { parseEnd } from "./end-name.js";
export { findProfile, type FindProfileOptions } from "./profile/find.js";
export { findSandbox, inspectPod, inspectPods, type PodName } from "./runtime/inspect.js";
export { isNetnsPath, showTail, showText } from "./names.js";
export { askCniObjects, type AskCniOptions } from "./facts/cni.js";
export { trimKubeObject } from "./facts/trim.js";
export { findEndPods, type NamedEnds } from "./ends/find-pods.js";
export { readKubeNode, readKubePod, type KubePod } from "./facts/objects.js";
export {
  loadCluster,
  loadProfile,
  makeKubeCluster,
  readProfile,
  type LoadedCluster,
  type LoadedProfile,
  type PendingAccess,
} from "./profile/profile.js";
export { locateEnd, resolveEnd, type ResolveOptions } from "./ends/resolve.js";
export { locateEnds } from "./ends/locate.js";
export { commandFailed, readJsonText, readText, runOnNode, type ReadOptions } from "./run.js";
export {
  LEFTOVERS_ACTION,
  listNodeLeftovers,
  removeNodeLeftovers,
  type LeftoverOptions,
  type NodeLeftover,
} from "./leftovers/leftovers.js";
export { listPods, parsePods, readListing, type PodSummary } from "./runtime/sandboxes.js";
export { podTargets, unknownNode, type PodPlace } from "./ends/pod-targets.js";
export { checkPodTools } from "./tools/pod.js";
export { CLUSTER_SCRIPTS } from "./scripts.js";
export { findService, type ServicePort } from "./ends/service-ports.js";
export { checkTools, TOOL_NAMES, type NodeTools, type ToolName } from "./tools/node.js";
export { shareLookups } from "./facts/share-lookups.js";
