import { deriveMac, derivePodIds, hexOf } from "../cluster/ids.js";
import type { NodeSpec, PodSpec } from "../cluster/types.js";
import { addPair, sysctlsOf, type Attachment } from "./types.js";

/** Every host side has this one address of the node's block. */
function gatewayOf(node: NodeSpec): string {
  return node.tunnelIp.replace(/\d+$/, (last) => String(Number(last) + 1));
}

const podRoute = ({ hostInterface }: PodSpec): string => `dev ${hostInterface} scope host`;

/**
 * The plugin "ptp" as kindnet uses it: each pod by a veth of its own whose host side has the gateway's address, a /32 route to
 * it, and the pod's name as the device's alias.
 */
export const PTP_ATTACHMENT: Attachment = {
  roles: ["host-veth"],
  describe: ({ namespace, name }) => ({
    hostInterface: `veth${hexOf("sha256", `ptp ${namespace}/${name}`).slice(0, 8)}`,
    hostMac: deriveMac(`ptp ${namespace}/${name}`, "7e"),
    bridge: null,
  }),
  podRoute,
  onNode: () => [],
  onNodeOf(pod, { node, mtuBytes }) {
    const { netns, mac } = derivePodIds(pod);
    return [
      ...addPair(pod, mac, { netns, mtuBytes }),
      `link set ${pod.hostInterface} alias "link-pod ${pod.namespace}/${pod.name}"`,
      `address add ${gatewayOf(node)}/32 dev ${pod.hostInterface}`,
      `route add ${pod.ip}/32 ${podRoute(pod)}`,
    ];
  },
  inPod(pod, { node }) {
    const gateway = gatewayOf(node);
    return [
      `address add ${pod.ip}/24 brd + dev eth0`,
      `route del ${node.block} dev eth0`,
      `route add ${gateway}/32 dev eth0 scope link src ${pod.ip}`,
      `route add ${node.block} via ${gateway} dev eth0 src ${pod.ip}`,
      `route add default via ${gateway} dev eth0`,
    ];
  },
  sysctls: (node) => node.pods.flatMap(({ hostInterface }) => sysctlsOf(hostInterface, { rp_filter: 0 })),
};
