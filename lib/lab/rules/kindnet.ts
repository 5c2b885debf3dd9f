import type { Cluster } from "../cluster/types.js";
import { NO_RULES, type CniRules } from "./types.js";

const SAY =
  '-m comment --comment "kind-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom KIND-MASQ-AGENT chain"';

/** kindnetd's masquerade: all but what stays in the cluster. */
export function renderKindnet({ pool }: Cluster): CniRules {
  const chain = "KIND-MASQ-AGENT";
  return {
    filter: NO_RULES,
    nat: {
      chains: [chain],
      first: [],
      rules: [
        `-A ${chain} -d ${pool} -m comment --comment "kind-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN`,
        `-A ${chain} -m comment --comment "kind-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE`,
      ],
      last: [`-A POSTROUTING -m addrtype ! --dst-type LOCAL ${SAY} -j ${chain}`],
    },
  };
}
