import { deriveMac, derivePodIds } from "../cluster/ids.js";
import type { NodeSpec } from "../cluster/types.js";
import { addPair, type Attachment } from "./types.js";

/** The logical router's address on a node's switch: the block's second one, its pods' gateway. */
export function routerOf(node: NodeSpec): string {
  return node.tunnelIp.replace(/\d+$/, (last) => String(Number(last) + 1));
}

/** OVN-Kubernetes: the host's side of a pod is called as its sandbox, and is a port of br-int. */
export const OVN_ATTACHMENT: Attachment = {
  roles: ["host-veth"],
  describe: (pod) => ({
    hostInterface: derivePodIds(pod).sandboxId.slice(0, 15),
    hostMac: deriveMac(`ovn ${pod.namespace}/${pod.name}`, "ae"),
    bridge: null,
  }),
  podRoute: () => null,
  onNode: () => [],
  onNodeOf(pod, { mtuBytes }) {
    const { netns, mac } = derivePodIds(pod);
    return addPair(pod, mac, { netns, mtuBytes });
  },
  inPod: (pod, { node }) => [
    `address add ${pod.ip}/24 brd + dev eth0`,
    `route add default via ${routerOf(node)} dev eth0`,
  ],
  sysctls: () => [],
};
