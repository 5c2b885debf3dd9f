import type { Cluster, NodeSpec, PodSpec } from "../cluster/types.js";

/** How a CNI hangs a pod on its node. Lines are those of `ip -batch`. */
export interface Attachment {
  /** The places between a pod and its node's routing. */
  readonly roles: readonly ["host-veth"] | readonly ["host-veth", "bridge"];
  /** What comes to a pod may pass these places unseen (eBPF), so that their silence proves nothing. */
  readonly mayArriveUnseen?: boolean;
  describe(
    pod: Pick<PodSpec, "namespace" | "name">,
    node: string,
  ): Pick<PodSpec, "hostInterface" | "hostMac" | "bridge">;
  /** The node's own route to a pod, as the words of `ip route` after its address; null where pods share one. */
  podRoute(pod: PodSpec): string | null;
  /** What a node has once, before its pods come. */
  onNode(node: NodeSpec): string[];
  /** What comes with each pod, on its node. The pod's network namespace is there. */
  onNodeOf(pod: PodSpec, wiring: { readonly node: NodeSpec; readonly mtuBytes: number }): string[];
  /** In the pod, whose devices are up. */
  inPod(pod: PodSpec, wiring: { readonly node: NodeSpec; readonly cluster: Cluster }): string[];
  /** Lines `path value` below /proc/sys; a leading "-" lets one be missing, as in sysctl.d(5). */
  sysctls(node: NodeSpec): string[];
}

/** Lines of sysctls of one device. */
export function sysctlsOf(device: string, values: Readonly<Record<string, number>>): string[] {
  return Object.entries(values).map(([key, value]) => `net/ipv4/conf/${device}/${key} ${String(value)}`);
}

/** A pair of veths of which the pod has one, named eth0. */
export function addPair(pod: PodSpec, podMac: string, wiring: { netns: string; mtuBytes: number }): string[] {
  const mtu = String(wiring.mtuBytes);
  return [
    `link add ${pod.hostInterface} mtu ${mtu} address ${pod.hostMac} type veth peer name eth0 mtu ${mtu} address ${podMac} netns ${wiring.netns}`,
    `link set ${pod.hostInterface} up`,
  ];
}
