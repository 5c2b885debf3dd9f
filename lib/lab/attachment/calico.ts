import { derivePodIds, hexOf } from "../cluster/ids.js";
import type { PodSpec } from "../cluster/types.js";
import { addPair, sysctlsOf, type Attachment } from "./types.js";

/** Calico's host-side interface: `cali` and 11 hex digits of sha1 of `<namespace>.<pod>`. */
export function nameCalicoInterface(pod: Pick<PodSpec, "namespace" | "name">): string {
  return `cali${hexOf("sha1", `${pod.namespace}.${pod.name}`).slice(0, 11)}`;
}

const podRoute = ({ hostInterface }: PodSpec): string => `dev ${hostInterface} scope link metric 1024`;

/**
 * Routed as Felix does it: a pod has a /32 and takes everything to a gateway that only proxy ARP answers for. The node
 * needs a default route: without one the kernel does not answer its pods' ARP for 169.254.1.1, proxy_arp or not.
 */
export const CALICO_ATTACHMENT: Attachment = {
  roles: ["host-veth"],
  describe: (pod) => ({
    hostInterface: nameCalicoInterface(pod),
    hostMac: "ee:ee:ee:ee:ee:ee",
    bridge: null,
  }),
  podRoute,
  onNode: (node) => [`route add blackhole ${node.block} proto 80`],
  onNodeOf(pod, { mtuBytes }) {
    const { netns, mac } = derivePodIds(pod);
    return [...addPair(pod, mac, { netns, mtuBytes }), `route add ${pod.ip}/32 ${podRoute(pod)}`];
  },
  inPod: (pod) => [
    `address add ${pod.ip}/32 dev eth0`,
    "route add 169.254.1.1 dev eth0 scope link",
    "route add default via 169.254.1.1 dev eth0",
  ],
  sysctls: (node) =>
    node.pods.flatMap(({ hostInterface }) => [
      ...sysctlsOf(hostInterface, { rp_filter: 0, proxy_arp: 1, forwarding: 1 }),
      `net/ipv4/neigh/${hostInterface}/proxy_delay 0`,
    ]),
};
