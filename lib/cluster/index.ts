export { chooseAccess, noAccess, weighAccess } from "./choose-access.js";
export { gatherAccessFacts } from "./choose-access-facts.js";
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
} from "./choose-access-types.js";
export {
  askRights,
  canI,
  describeRight,
  describeRights,
  missingOf,
  type Right,
  type RightAnswer,
} from "./rights.js";
export { FACT_RIGHTS, factRightsIn, podRights, podWayRights } from "./rights-needed.js";
export { describeFailures, gatherFacts, type ClusterFacts, type GatherOptions } from "./facts.js";
export { avoidMasquerade } from "./ends.js";
export { parseEnd } from "./parse-end.js";
export { findProfile, type FindProfileOptions } from "./find-profile.js";
export { findSandbox, inspectPod, inspectPods, type PodName } from "./inspect.js";
export { isNetnsPath, showTail, showText } from "./names.js";
export { askCniObjects, type AskCniOptions } from "./kube-cni.js";
export { trimKubeObject } from "./kube-trim.js";
export { findEndPods, type NamedEnds } from "./kube-ends.js";
export { readKubeNode, readKubePod, type KubePod } from "./kube-objects.js";
export {
  loadCluster,
  loadProfile,
  makeKubeCluster,
  readProfile,
  type LoadedCluster,
  type LoadedProfile,
  type PendingAccess,
} from "./profile.js";
export { locateEnd, resolveEnd, type ResolveOptions } from "./resolve.js";
export { locateEnds } from "./locate-ends.js";
export { commandFailed, readJson, readText, runOnNode, type ReadOptions } from "./run.js";
export {
  LEFTOVERS_ACTION,
  listNodeLeftovers,
  removeNodeLeftovers,
  type LeftoverOptions,
  type NodeLeftover,
} from "./leftovers.js";
export { listPods, parsePods, readListing, type PodSummary } from "./sandboxes.js";
export { podTargets, unknownNode, type PodPlace } from "./pod-targets.js";
export { checkPodTools } from "./pod-tools.js";
export { CLUSTER_SCRIPTS } from "./scripts.js";
export { findService, type ServicePort } from "./services.js";
export { checkTools, TOOL_NAMES, type NodeTools, type ToolName } from "./tools.js";
export { shareLookups } from "./share-lookups.js";
