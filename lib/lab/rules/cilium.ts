import type { Cluster, NodeSpec } from "../cluster/types.js";
import type { CniRules } from "./types.js";

const say = (comment: string): string => `-m comment --comment "${comment}"`;

/** cilium-agent's chains beside kube-proxy (pkg/datapath/iptables). */
export function renderCilium(_: Cluster, { block }: NodeSpec): CniRules {
  const accept = (match: string, way: string): string =>
    `-A CILIUM_FORWARD ${match} ${say(`cilium: ${way} forward accept`)} -j ACCEPT`;
  return {
    filter: {
      chains: ["CILIUM_FORWARD"],
      first: [`-A FORWARD ${say("cilium-feeder: CILIUM_FORWARD")} -j CILIUM_FORWARD`],
      rules: [
        accept("-o cilium_host", "any->cluster on cilium_host"),
        accept("-i cilium_host", "cluster->any on cilium_host"),
        accept("-i cilium_net", "cluster->any on cilium_net"),
      ],
      last: [],
    },
    nat: {
      chains: ["CILIUM_POST_nat"],
      first: [`-A POSTROUTING ${say("cilium-feeder: CILIUM_POST_nat")} -j CILIUM_POST_nat`],
      rules: [
        `-A CILIUM_POST_nat -s ${block} ! -d ${block} ! -o cilium_+ ${say("cilium masquerade non-cluster")} -j MASQUERADE`,
      ],
      last: [],
    },
  };
}
