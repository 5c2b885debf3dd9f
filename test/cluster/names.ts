import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** test/cluster itself. */
export const SOURCE_DIR = fileURLToPath(new URL(".", import.meta.url));

/** Built programs and images; outside the tree, kept between runs. */
export function cacheDir(): string {
  return process.env["HOPBOOK_TEST_CLUSTER_CACHE"] ?? join(homedir(), ".cache", "hopbook-test-cluster");
}

const DEFAULT_DIR = "/var/tmp/hopbook-test-cluster";

/**
 * Keys, logs and the nodes' disks of the cluster that is up: a cluster for each such folder. Throws for a folder in
 * /run or /tmp, of which the nodes have their own.
 */
export function stateDir(): string {
  const dir = process.env["HOPBOOK_TEST_CLUSTER_DIR"] ?? DEFAULT_DIR;
  if (/^\/(?!run\/|tmp\/)[\w.+@/-]+$/.test(dir)) return dir;
  throw new Error(`HOPBOOK_TEST_CLUSTER_DIR is ${dir}: name a folder by its whole path, not in /run or /tmp`);
}

/**
 * The cgroup that the cluster's pods are in, under the root of each tree. The one thing of a cluster that this
 * machine's other clusters see, so that each folder's has its own: a kubelet ends what it does not know in its own.
 */
export function cgroupName(dir: string): string {
  if (dir === DEFAULT_DIR) return "hopbook-test-cluster";
  return `hopbook-test-cluster-${createHash("sha256").update(dir).digest("hex").slice(0, 8)}`;
}

export const KUBERNETES_VERSION = "v1.36.3";

/** Of the Go module that is built; or Debian's, which is older than the CRI's current version. */
export type ContainerdKind = "built" | "debian";

/** The nodes' container runtime: `HOPBOOK_TEST_CLUSTER_CONTAINERD`, by default the one that is built. */
export function containerdKind(): ContainerdKind {
  const wanted = process.env["HOPBOOK_TEST_CLUSTER_CONTAINERD"] ?? "built";
  if (wanted === "built" || wanted === "debian") return wanted;
  throw new Error(`HOPBOOK_TEST_CLUSTER_CONTAINERD is ${wanted}: it has to be built or debian`);
}

/** How flannel carries packets between the nodes. */
type FlannelBackend = "vxlan" | "host-gw";

/** `HOPBOOK_TEST_CLUSTER_BACKEND`, by default vxlan. */
export function flannelBackend(): FlannelBackend {
  const wanted = process.env["HOPBOOK_TEST_CLUSTER_BACKEND"] ?? "vxlan";
  if (wanted === "vxlan" || wanted === "host-gw") return wanted;
  throw new Error(`HOPBOOK_TEST_CLUSTER_BACKEND is ${wanted}: it has to be vxlan or host-gw`);
}

export interface ClusterNode {
  readonly name: string;
  readonly address: string;
  /** Whether the node has crictl; without it there is only the runtime's own ctr. */
  readonly hasCrictl: boolean;
}

export const CONTROL_ADDRESS = "10.78.0.2";
export const OPERATOR_ADDRESS = "10.78.0.1";
export const SERVICE_CIDR = "10.96.0.0/16";
export const CLUSTER_CIDR = "10.244.0.0/16";
export const API_SERVICE_ADDRESS = "10.96.0.1";
export const DNS_ADDRESS = "10.96.0.10";

/**
 * The nodes. `HOPBOOK_TEST_CLUSTER_CRICTL` names those that have crictl (separated by commas; default node-a), so that
 * nodes with and without it can both be tried.
 */
export function clusterNodes(): readonly ClusterNode[] {
  const having = (process.env["HOPBOOK_TEST_CLUSTER_CRICTL"] ?? "node-a").split(",");
  return [
    { name: "node-a", address: "10.78.0.11", hasCrictl: having.includes("node-a") },
    { name: "node-b", address: "10.78.0.12", hasCrictl: having.includes("node-b") },
  ];
}

export const PAUSE_IMAGE = "registry.test/pause:1";
export const TOOLS_IMAGE = "registry.test/tools:1";
export const BUSYBOX_IMAGE = "registry.test/busybox:1";
export const COREDNS_IMAGE = "registry.test/coredns:1";
