import { deriveMac, derivePodIds, hexOf } from "../cluster/ids.js";
import type { NodeSpec } from "../cluster/types.js";
import { addPair, sysctlsOf, type Attachment } from "./types.js";

const BRIDGE = "cni0";

/** The block's first address but one: the bridge's, and its pods' gateway. */
function gatewayOf(node: NodeSpec): string {
  return node.tunnelIp.replace(/\d+$/, (last) => String(Number(last) + 1));
}

const prefixOf = (node: NodeSpec): string => node.block.split("/")[1] ?? "24";

/** The plugin "bridge": all pods of a node on cni0, which has their gateway's address; hairpin on, as flannel sets it. */
export const BRIDGE_ATTACHMENT: Attachment = {
  roles: ["host-veth", "bridge"],
  describe: ({ namespace, name }, node) => ({
    hostInterface: `veth${hexOf("sha256", `veth ${namespace}/${name}`).slice(0, 8)}`,
    hostMac: deriveMac(`veth ${namespace}/${name}`, "ae"),
    bridge: { name: BRIDGE, mac: deriveMac(`bridge ${node}`, "36") },
  }),
  podRoute: () => null,
  onNode: (node) => [
    `link add ${BRIDGE} address ${deriveMac(`bridge ${node.name}`, "36")} type bridge`,
    `address add ${gatewayOf(node)}/${prefixOf(node)} brd + dev ${BRIDGE}`,
    `link set ${BRIDGE} up`,
  ],
  onNodeOf(pod, { mtuBytes }) {
    const { netns, mac } = derivePodIds(pod);
    return [
      ...addPair(pod, mac, { netns, mtuBytes }),
      `link set ${pod.hostInterface} master ${BRIDGE}`,
      `link set ${pod.hostInterface} type bridge_slave hairpin on`,
    ];
  },
  inPod: (pod, { node, cluster }) => [
    `address add ${pod.ip}/${prefixOf(node)} brd + dev eth0`,
    `route add ${cluster.pool} via ${gatewayOf(node)} dev eth0`,
    `route add default via ${gatewayOf(node)} dev eth0`,
  ],
  // Where the kernel has no br_netfilter, Services of a pod's own node do not answer it: the rest does.
  sysctls: () => ["-net/bridge/bridge-nf-call-iptables 1", ...sysctlsOf(BRIDGE, { rp_filter: 0 })],
};
