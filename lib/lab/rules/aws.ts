import type { Cluster, NodeSpec } from "../cluster/types.js";
import { NO_RULES, type CniRules } from "./types.js";

/** The VPC CNI's source NAT of what leaves the VPC. */
export function renderAws({ pool }: Cluster, { address }: NodeSpec): CniRules {
  const chain = "AWS-SNAT-CHAIN-0";
  return {
    filter: NO_RULES,
    nat: {
      chains: [chain],
      first: [],
      rules: [
        `-A ${chain} -d ${pool} -m comment --comment "AWS SNAT CHAIN" -j RETURN`,
        `-A ${chain} ! -o vlan+ -m comment --comment "AWS, SNAT" -m addrtype ! --dst-type LOCAL -j SNAT --to-source ${address} --random-fully`,
      ],
      last: [`-A POSTROUTING -m comment --comment "AWS SNAT CHAIN" -j ${chain}`],
    },
  };
}
