export {
  canonicalIp,
  formatAddress,
  ipVersion,
  parseAddress,
  parsePort,
  type AddressAndPort,
} from "./address.js";
export { describeFailures, gatherFacts, type ClusterFacts, type GatherOptions } from "./facts.js";
export { parseEnd } from "./parse-end.js";
export { findProfile, type FindProfileOptions } from "./find-profile.js";
export { inspectPod, inspectPods } from "./inspect.js";
export { asList, asRecord, fieldOf, integerOf, parseJson, textOf } from "./json.js";
export { isInterfaceName, isNetnsPath, showTail, showText } from "./names.js";
export { loadCluster, loadProfile, readProfile, type LoadedCluster, type LoadedProfile } from "./profile.js";
export { resolveEnd, type ResolveOptions } from "./resolve.js";
export { commandFailed, readJson, readText, runOnNode, type ReadOptions } from "./run.js";
export { listPods, parsePods, type PodSummary } from "./sandboxes.js";
export { CLUSTER_SCRIPTS } from "./scripts.js";
export { findService, type ServicePort } from "./services.js";
export { checkTools, TOOL_NAMES, type NodeTools, type ToolName } from "./tools.js";
