import { deriveMac, derivePodIds, hexOf } from "../cluster/ids.js";
import type { NodeSpec, PodSpec } from "../cluster/types.js";
import { addPair, sysctlsOf, type Attachment } from "./types.js";

/** The address of a node's cilium_host, its pods' gateway: the block's second one. */
export function routerOf(node: NodeSpec): string {
  return node.tunnelIp.replace(/\d+$/, (last) => String(Number(last) + 1));
}

const podRoute = ({ hostInterface }: PodSpec): string => `dev ${hostInterface} proto kernel scope link`;

/**
 * Cilium with a route for each endpoint (enable-endpoint-routes). The pod knows its gateway's MAC, for no eBPF program answers
 * for it.
 */
export const CILIUM_ATTACHMENT: Attachment = {
  roles: ["host-veth"],
  mayArriveUnseen: true,
  describe: ({ namespace, name }) => ({
    hostInterface: `lxc${hexOf("sha256", `endpoint ${namespace}/${name}`).slice(0, 12)}`,
    hostMac: deriveMac(`lxc ${namespace}/${name}`, "be"),
    bridge: null,
  }),
  podRoute,
  onNode: (node) => [
    "link add cilium_net type veth peer name cilium_host",
    `address add ${routerOf(node)}/32 dev cilium_host`,
    "link set cilium_net up",
    "link set cilium_host up",
  ],
  onNodeOf(pod, { mtuBytes }) {
    const { netns, mac } = derivePodIds(pod);
    return [...addPair(pod, mac, { netns, mtuBytes }), `route add ${pod.ip}/32 ${podRoute(pod)}`];
  },
  inPod(pod, { node }) {
    const router = routerOf(node);
    return [
      `address add ${pod.ip}/32 dev eth0`,
      `route add ${router} dev eth0 scope link`,
      `route add default via ${router} dev eth0`,
      `neigh replace ${router} lladdr ${pod.hostMac} dev eth0 nud permanent`,
    ];
  },
  sysctls: (node) =>
    ["cilium_host", "cilium_net", ...node.pods.map(({ hostInterface }) => hostInterface)].flatMap((device) =>
      sysctlsOf(device, { rp_filter: 0 }),
    ),
};
