import { HopbookError } from "../errors.js";
import type { NodeAccess, NodeTarget } from "../model/access.js";
import type { DetachedPods } from "../model/detached.js";
import type { KubeRef, Lease, OpenKube } from "../model/kube.js";
import { openDebugPodAccess } from "./pod/access.js";
import { openEphemeralAccess } from "./ephemeral/access.js";
import { openKubectlDebugAccess } from "./cli/kubectl-debug.js";
import { openLocalAccess } from "./local/access.js";
import { openOcDebugAccess } from "./cli/oc-debug.js";
import { openPodExecAccess } from "./pod-exec/access.js";
import { openSshAccess } from "./ssh/access.js";
import { openToolboxAccess } from "./toolbox/access.js";
import type { ConnectOptions } from "./connect.js";
import type { KubeConnectOptions } from "./ways.js";

export { buildDebugPod } from "./pod/spec.js";
export { resolveSsh } from "./ssh/resolve.js";

interface OpenAccessOptions {
  readonly signal?: AbortSignal;
  /** For the whole way to a first command's answer. Default 15 s, and 60 s where a pod has to be made. */
  readonly connectTimeoutMs?: number;
  /** The cluster's API; needed by the ways that lead through it. */
  readonly openKube?: OpenKube;
  /** Whose it is, what is made for it; needed by the ways that make something. */
  readonly lease?: Lease;
  /** What is made for it may outlive the client. */
  readonly detached?: DetachedPods;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 15_000;
const DEFAULT_POD_TIMEOUT_MS = 60_000;

/**
 * Opens the way in that a target names. Rejects with NODE_UNREACHABLE, HOST_KEY_UNKNOWN, SSH_AUTH_FAILED,
 * SUDO_REFUSED, TOOL_MISSING, POD_NOT_STARTED, one of KUBE_*, or INTERRUPTED where the signal fired first.
 */
export async function openAccess(target: NodeTarget, options: OpenAccessOptions = {}): Promise<NodeAccess> {
  const { access, name } = target;
  const connect = (defaultMs: number): ConnectOptions => ({
    signal: options.signal,
    connectTimeoutMs: options.connectTimeoutMs ?? defaultMs,
    lease: options.lease,
  });
  const kube = (ref: KubeRef): KubeConnectOptions => {
    const { openKube, lease } = options;
    if (openKube === undefined || lease === undefined) {
      throw new HopbookError("INTERNAL", `Cannot enter ${name} by ${access.via}: no API was given`);
    }
    return { ...connect(DEFAULT_POD_TIMEOUT_MS), api: openKube(ref), lease, detached: options.detached };
  };
  const address = target.address ?? name;
  switch (access.via) {
    case "local":
      return openLocalAccess({ name, access }, connect(DEFAULT_CONNECT_TIMEOUT_MS));
    case "ssh":
      return openSshAccess({ name, address, access }, connect(DEFAULT_CONNECT_TIMEOUT_MS));
    case "toolbox":
      return openToolboxAccess({ name, address, access }, connect(DEFAULT_POD_TIMEOUT_MS));
    case "debugPod":
      return openDebugPodAccess({ ...target, access }, kube(access.kube));
    case "kubectlDebug":
      return openKubectlDebugAccess({ ...target, access }, kube(access.kube));
    case "ocDebug":
      return openOcDebugAccess({ ...target, access }, kube(access.kube));
    case "ephemeral":
      return openEphemeralAccess({ ...target, access }, kube(access.kube));
    case "podExec":
      return openPodExecAccess({ ...target, access }, kube(access.kube));
  }
}
