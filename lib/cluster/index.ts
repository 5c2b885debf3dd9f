export { chooseAccess, weighAccess } from "./choose/access.js";
export { gatherAccessFacts } from "./choose/facts.js";
export type { AccessFacts, AccessPlan, AccessWishes, PlaceFacts, PodFacts } from "./choose/types.js";
export { askRights, describeRights, missingOf, type RightAnswer } from "./choose/rights.js";
export { FACT_RIGHTS, factRightsIn } from "./choose/rights-needed.js";
export { gatherFacts, type ClusterFacts } from "./facts/gather.js";
export { agreeOnFamily } from "./ends/family.js";
export { avoidMasquerade, nodeEnd } from "./ends/kinds.js";
export { parseEnd } from "./end-name.js";
export { findProfile } from "./profile/find.js";
export { findSandbox, inspectPod, inspectPods } from "./runtime/inspect.js";
export { readCniCache, type CniResult } from "./runtime/cni-cache.js";
export { planContainerExec, readContainerExec } from "./runtime/container-exec.js";
export { planPodLog, textOfLogLine } from "./runtime/pod-log.js";
export { CRI_SOCKETS } from "./runtime/places.js";
export { showTail, showText } from "./names.js";
export { askCniObjects, type AskCniOptions } from "./facts/cni.js";
export { loadNamings, NAMES_DIR } from "./namings.js";
export { trimKubeObject } from "./facts/trim.js";
export { findEndPods, type NamedEnds } from "./ends/find-pods.js";
export { listKubeNodes, withKubeFacts, type ListedNode } from "./facts/nodes.js";
export { readKubeNode, type KubePod } from "./facts/objects.js";
export {
  loadCluster,
  loadProfile,
  makeKubeCluster,
  type LoadedCluster,
  type LoadedProfile,
  type PendingAccess,
} from "./profile/profile.js";
export { resolveEnd } from "./ends/resolve.js";
export { locateEnds } from "./ends/locate.js";
export { choosePods, type PodChoice } from "./ends/choose-pods.js";
export { selectPods, type SelectedPod } from "./ends/select-pods.js";
export { inspectPodsOfNode } from "./runtime/pods-of-node.js";
export { asUnseen, finishEnds, sayWhy } from "./ends/unseen.js";
export { checkRun, commandFailed, jsonTextOf, runOnNode } from "./run.js";
export { SNAPSHOT_LOOK_MS, snapshotArgv } from "./snapshot/script.js";
export { takeSnapshot } from "./snapshot/take.js";
export {
  LEFTOVERS_ACTION,
  listNodeLeftovers,
  removeNodeLeftovers,
  type NodeLeftover,
} from "./leftovers/leftovers.js";
export { listPods, planListings, readListing, type PodSummary } from "./runtime/sandboxes.js";
export { unknownNode } from "./ends/unknown-node.js";
export { checkPodTools } from "./tools/pod.js";
export { CLUSTER_SCRIPTS } from "./scripts.js";
export { findBackendsByIp } from "./facts/service-by-address.js";
export { findService } from "./ends/service-ports.js";
export { checkTools, parseTools, type CheckToolsOptions, type NodeTools } from "./tools/node.js";
export {
  IS_TRACEFS,
  LOOK_FREE,
  LOOK_PATH,
  LOOK_SELF,
  LOOK_UP,
  lookForPrograms,
  TOOL_NAMES,
  TRACEFS_PLACES,
} from "../linux/node/looks.js";
export { readPolicyFacts } from "./facts/policies.js";
export { shareLookups } from "./facts/share-lookups.js";
