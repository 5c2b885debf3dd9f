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

/** `HOPBOOK_TEST_CLUSTER_FAMILIES`: ipv4, the default, or dual, of which the nodes, pods and the shop's Service have both. */
export function isDualStack(): boolean {
  const wanted = process.env["HOPBOOK_TEST_CLUSTER_FAMILIES"] ?? "ipv4";
  if (wanted === "ipv4" || wanted === "dual") return wanted === "dual";
  throw new Error(`HOPBOOK_TEST_CLUSTER_FAMILIES is ${wanted}: it has to be ipv4 or dual`);
}

export interface ClusterNode {
  readonly name: string;
  readonly address: string;
  /** null where the cluster has IPv4 alone. */
  readonly address6: string | null;
  /** Whether the node has crictl; without it there is only the runtime's own ctr. */
  readonly hasCrictl: boolean;
}

export const CONTROL_ADDRESS = "10.78.0.2";
export const OPERATOR_ADDRESS = "10.78.0.1";
export const SERVICE_CIDR = "10.96.0.0/16";
export const CLUSTER_CIDR = "10.244.0.0/16";
/** Those of a dual-stack cluster beside the ones above. */
export const OPERATOR_ADDRESS6 = "fd00:10:78::1";
export const SERVICE_CIDR6 = "fd00:10:96::/112";
export const CLUSTER_CIDR6 = "fd00:10:244::/48";
export const API_SERVICE_ADDRESS = "10.96.0.1";
export const DNS_ADDRESS = "10.96.0.10";

/**
 * The nodes. `HOPBOOK_TEST_CLUSTER_CRICTL` names those that have crictl (separated by commas; default node-a), so that
 * nodes with and without it can both be tried.
 */
export function clusterNodes(): readonly ClusterNode[] {
  const having = (process.env["HOPBOOK_TEST_CLUSTER_CRICTL"] ?? "node-a").split(",");
  const isDual = isDualStack();
  return [
    { name: "node-a", host: "11" },
    { name: "node-b", host: "12" },
  ].map(({ name, host }) => ({
    name,
    address: `10.78.0.${host}`,
    address6: isDual ? `fd00:10:78::${host}` : null,
    hasCrictl: having.includes(name),
  }));
}

/** A node's, or what the cluster has of each family: with commas between them, as Kubernetes' programs take them. */
export function ofFamilies(ipv4: string, ipv6: string | null): string {
  return isDualStack() && ipv6 !== null ? `${ipv4},${ipv6}` : ipv4;
}

export const PAUSE_IMAGE = "registry.test/pause:1";
export const TOOLS_IMAGE = "registry.test/tools:1";
export const BUSYBOX_IMAGE = "registry.test/busybox:1";
export const COREDNS_IMAGE = "registry.test/coredns:1";
