import type { Rule } from "../../../linux/ruleset.js";

/**
 * The NetworkPolicy or Service that a rule came from, where names say so: Calico's chains
 * cali-pi-knp/NAMESPACE/NAME (ingress) and cali-po-… (egress) count with the rule that ends their tier;
 * kube-proxy's comments carry `namespace/service:port`.
 */
export function namePolicy(rule: Rule, countedAlike: readonly Rule[]): string | null {
  const policies = countedAlike.flatMap((other) => {
    const chain = /^(?:filter-)?cali-p([io])-knp\/([^/\s]+)\/(\S+)$/.exec(other.chain);
    if (chain !== null)
      return [`NetworkPolicy ${chain[2]}/${chain[3]} ${chain[1] === "i" ? "ingress" : "egress"}`];
    const comment = /KubernetesNetworkPolicy (\S+\/\S+) (ingress|egress)/.exec(commentOf(other) ?? "");
    return comment === null ? [] : [`NetworkPolicy ${comment[1]} ${comment[2]}`];
  });
  const own = rule.chain.includes("cali-") ? [...new Set(policies)] : [];
  if (own.length > 0) return own.slice(0, 3).join(", ");
  const service = /^([a-z0-9-]+\/[a-z0-9-]+(?::[a-z0-9-]+)?) has no endpoints$/.exec(commentOf(rule) ?? "");
  return service === null ? null : `Service ${service[1]}, which has no endpoints`;
}

/** What people wrote to a rule: a generator's own mark (`cali:` and a hash) only where there is nothing else. */
export function commentOf({ comments }: Rule): string | null {
  return comments.find((comment) => !/^cali:\S+$/.test(comment)) ?? comments[0] ?? null;
}
