import { deriveMac, derivePodIds, hexOf } from "../cluster/ids.js";
import type { PodSpec } from "../cluster/types.js";
import { addPair, sysctlsOf, type Attachment } from "./types.js";

const GATEWAY = "169.254.1.1";

const podRoute = ({ hostInterface }: PodSpec): string => `dev ${hostInterface} scope link`;

/**
 * Amazon's VPC CNI: a /32 and a gateway that is a static neighbour in the pod; what goes to a pod is looked up in the main table,
 * whatever rules come after.
 */
export const AWS_ATTACHMENT: Attachment = {
  roles: ["host-veth"],
  describe: ({ namespace, name }) => ({
    hostInterface: `eni${hexOf("sha1", `${namespace}.${name}`).slice(0, 11)}`,
    hostMac: deriveMac(`eni ${namespace}/${name}`, "ce"),
    bridge: null,
  }),
  podRoute,
  onNode: () => [],
  onNodeOf(pod, { mtuBytes }) {
    const { netns, mac } = derivePodIds(pod);
    return [
      ...addPair(pod, mac, { netns, mtuBytes }),
      `route add ${pod.ip}/32 ${podRoute(pod)}`,
      `rule add to ${pod.ip}/32 lookup main pref 512`,
    ];
  },
  inPod: (pod) => [
    `address add ${pod.ip}/32 dev eth0`,
    `route add ${GATEWAY} dev eth0 scope link`,
    `route add default via ${GATEWAY} dev eth0`,
    `neigh replace ${GATEWAY} lladdr ${pod.hostMac} dev eth0 nud permanent`,
  ],
  sysctls: (node) => node.pods.flatMap(({ hostInterface }) => sysctlsOf(hostInterface, { rp_filter: 0 })),
};
