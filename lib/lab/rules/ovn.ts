import type { Cluster } from "../cluster/types.js";
import { NO_RULES, type CniRules } from "./types.js";

/** What a local gateway writes: all that leaves the cluster has the node's address. */
export function renderOvn({ pool }: Cluster): CniRules {
  const chain = "OVN-KUBE-EGRESS-SVC";
  return {
    filter: NO_RULES,
    nat: {
      chains: [chain],
      first: [],
      rules: [],
      last: [
        `-A POSTROUTING -j ${chain}`,
        `-A POSTROUTING -s ${pool} ! -d ${pool} -m comment --comment "ovn-kubernetes local gateway" -j MASQUERADE`,
      ],
    },
  };
}
