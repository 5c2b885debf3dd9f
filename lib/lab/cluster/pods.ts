import type { Cluster, NodeSpec, PodSpec } from "./types.js";

export const INDEX_PAGE = "web of shop answers\n";
export const OUTSIDE_PAGE = "outside answers\n";
/** Large enough that the answer takes many full segments. */
export const LARGE_PAGE = "0123456789abcdef".repeat(4096);

/** Configuration of the DNS pod: the cluster's names, NXDOMAIN for everything else, no forwarding. */
export function renderDnsmasq(clusters: readonly Cluster[]): string {
  const names = clusters
    .flatMap(({ services }) => services)
    .map(
      (service) => `host-record=${service.name}.${service.namespace}.svc.cluster.local,${service.clusterIp}`,
    );
  return [
    "user=root",
    "group=root",
    "port=53",
    "no-resolv",
    "no-hosts",
    // Read again at SIGHUP: names that change while it serves.
    "addn-hosts=/run/pod/more-names",
    "pid-file=/run/pod/dnsmasq.pid",
    "address=/#/",
    ...new Set(names),
    "host-record=kubernetes.default.svc.cluster.local,10.96.0.1",
    `txt-record=large.shop.svc.cluster.local,${Array.from({ length: 8 }, () => "x".repeat(120)).join(",")}`,
    "edns-packet-max=4096",
    "",
  ].join("\n");
}

/** What a container is to serve, for CONTAINER_SCRIPT: kind, port in the hex of /proc/net/tcp, program, address. */
export function renderServes(
  pod: PodSpec,
  tools: {
    readonly busybox: boolean;
    readonly node: string;
    /** Where servers listen: IPv6's any takes both families. */
    readonly address: "0.0.0.0" | "[::]";
  },
): string {
  const ways = {
    nothing: "nothing 0 -",
    http: tools.busybox ? "busybox 1F90 -" : `node 1F90 ${tools.node}`,
    dns: "dns 0035 -",
  } as const;
  return `${ways[pod.serves]} ${tools.address}\n`;
}

export function renderPodHosts(pod: PodSpec): string {
  return `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${pod.ip}\t${pod.name}\n`;
}

/** Where a node's resolver is that is out: behind the operator, which forwards nothing and says nothing. */
export const DEAD_RESOLVER = "192.0.2.53";

export function renderNodeHosts(nodes: readonly NodeSpec[]): string {
  return `127.0.0.1\tlocalhost\n${nodes.map((node) => `${node.address}\t${node.name}\n`).join("")}`;
}

/** The kubelet's resolv.conf of a pod. */
export function renderPodResolv(): string {
  return "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n";
}
