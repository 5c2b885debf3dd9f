import { LEFTOVERS_NAME, LEFTOVERS_SCRIPT } from "./leftovers/script.js";
import { CNI_CACHE_SCRIPT } from "./runtime/cni-cache.js";
import { CONTAINER_EXEC } from "./runtime/container-exec.js";
import { CONTAINER_EXEC_NAME } from "../model/exec/container-exec.js";
import { INSPECT_SCRIPT, RUN_SCRIPT } from "./runtime/crictl.js";
import { CTR_SCRIPT } from "./runtime/ctr.js";
import { DOCKER_SCRIPT } from "./runtime/docker.js";
import { PODMAN_SCRIPT } from "./runtime/podman.js";
import { POD_LOG, POD_LOG_NAME } from "./runtime/pod-log.js";
import { PROC_SCRIPT } from "./runtime/proc.js";
import { ADDRESSES_SCRIPT } from "./runtime/sources.js";
import { FOLDER_SCRIPT } from "./tools/pod.js";
import { TOOLS_SCRIPT } from "./tools/node.js";
import { SNAPSHOT_SCRIPT } from "./snapshot/script.js";
import { AGENT_DROPS_NAME, AGENT_DROPS_SCRIPT } from "../linux/ebpf/drops-script.js";
import { AGENT_POLICY_NAME, AGENT_POLICY_SCRIPT } from "../linux/ebpf/agent-script.js";
import { MACHINE_NAME, MACHINE_SCRIPT } from "../linux/hardware/machine.js";
import { FLOW_TRACE_NAME, FLOW_TRACE_SCRIPT } from "../linux/vswitch/flow-script.js";
import { SWITCH_TRACE_NAME, SWITCH_TRACE_SCRIPT } from "../linux/vswitch/trace-script.js";
import { SNAPSHOT_NAME } from "../model/snapshot.js";

/** The constant scripts of this folder, by the name in their `$0`: the permission guard lets no other text pass. */
export const CLUSTER_SCRIPTS: Readonly<Record<string, string>> = {
  "hopbook-crictl": RUN_SCRIPT,
  "hopbook-inspectp": INSPECT_SCRIPT,
  "hopbook-cni-cache": CNI_CACHE_SCRIPT,
  "hopbook-runtime-ctr": CTR_SCRIPT,
  "hopbook-runtime-docker": DOCKER_SCRIPT,
  "hopbook-runtime-podman": PODMAN_SCRIPT,
  "hopbook-runtime-proc": PROC_SCRIPT,
  "hopbook-runtime-addresses": ADDRESSES_SCRIPT,
  [POD_LOG_NAME]: POD_LOG,
  [CONTAINER_EXEC_NAME]: CONTAINER_EXEC,
  "hopbook-tools": TOOLS_SCRIPT,
  "hopbook-tools-folder": FOLDER_SCRIPT,
  [SNAPSHOT_NAME]: SNAPSHOT_SCRIPT,
  [LEFTOVERS_NAME]: LEFTOVERS_SCRIPT,
  [SWITCH_TRACE_NAME]: SWITCH_TRACE_SCRIPT,
  [FLOW_TRACE_NAME]: FLOW_TRACE_SCRIPT,
  [MACHINE_NAME]: MACHINE_SCRIPT,
  [AGENT_POLICY_NAME]: AGENT_POLICY_SCRIPT,
  [AGENT_DROPS_NAME]: AGENT_DROPS_SCRIPT,
};
