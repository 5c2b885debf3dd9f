import type { Rule } from "../../../linux/ruleset.js";
import type { Naming, PolicyNaming } from "../../../model/naming.js";
import { commentOf, compilePattern } from "../naming.js";

const MOST_NAMED = 3;

/**
 * The NetworkPolicy or Service that a rule came from, where names say so: a CNI's chains and comments of policies, which
 * count with the rule, and kube-proxy's comment to a Service without endpoints.
 */
export function namePolicy(
  rule: Rule,
  countedAlike: readonly Rule[],
  namings: readonly Naming[],
): string | null {
  for (const { policies } of namings) {
    if (policies === undefined || !rule.chain.includes(policies.within)) continue;
    const read = compileRules(policies, namings);
    const own = [...new Set(countedAlike.flatMap((other) => read(other) ?? []))];
    if (own.length > 0) return own.slice(0, MOST_NAMED).join(", ");
  }
  const comment = commentOf(rule, namings) ?? "";
  for (const { services } of namings) {
    const service =
      services === undefined ? null : compilePattern(services.withoutEndpoints, { whole: true })(comment);
    if (service !== null) return `Service ${service.namespace}/${service.name}, which has no endpoints`;
  }
  return null;
}

/** "NetworkPolicy shop/deny-web ingress", by the first pattern that fits a rule. */
function compileRules({ rules }: PolicyNaming, namings: readonly Naming[]): (rule: Rule) => string | null {
  const compiled = rules.map(({ direction, chain, comment = "" }) => ({
    direction,
    ofChain: chain !== undefined,
    read: compilePattern(chain ?? comment, { whole: chain !== undefined }),
  }));
  return (rule) => {
    const said = commentOf(rule, namings) ?? "";
    for (const { direction, ofChain, read } of compiled) {
      const policy = read(ofChain ? rule.chain : said);
      if (policy !== null) return `NetworkPolicy ${policy.namespace}/${policy.name} ${direction}`;
    }
    return null;
  };
}
