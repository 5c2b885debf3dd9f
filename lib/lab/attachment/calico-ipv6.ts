import { asHost } from "../cluster/family.js";
import type { PodSpec } from "../cluster/types.js";
import { CALICO_ATTACHMENT } from "./calico.js";
import type { Attachment } from "./types.js";

/** The link-local address that the kernel makes of the MAC of every host's end, ee:ee:ee:ee:ee:ee (RFC 4291, appendix A). */
const GATEWAY = "fe80::ecee:eeff:feee:eeee";

const podRoute = ({ hostInterface }: PodSpec): string => `dev ${hostInterface} metric 1024`;

/** What Felix adds for the second family to pods that are there already: the host's end has the gateway's address itself. */
export const CALICO_IPV6_ATTACHMENT: Attachment = {
  ...CALICO_ATTACHMENT,
  podRoute,
  onNodeOf: (pod) => [`route add ${asHost(pod.ip)} ${podRoute(pod)}`],
  inPod: (pod) => [
    `address add ${asHost(pod.ip)} dev eth0 nodad`,
    `route add default via ${GATEWAY} dev eth0`,
  ],
  sysctls: () => [],
};
