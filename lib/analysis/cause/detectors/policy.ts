import type { Rule } from "../../../linux/ruleset.js";
import type { Naming, PolicyNaming } from "../../../model/naming.js";
import { commentOf, compilePattern } from "../naming.js";

const MOST_NAMED = 3;

interface NamedPolicy {
  readonly text: string;
  /** Where it is a cause of its own. */
  readonly code: "no-local-endpoint" | null;
}

/**
 * The NetworkPolicy or Service that a rule came from, where names say so: a CNI's chains and comments of policies, which
 * count with the rule, and kube-proxy's comment to a Service without endpoints.
 */
export function namePolicy(
  rule: Rule,
  countedAlike: readonly Rule[],
  namings: readonly Naming[],
): NamedPolicy | null {
  for (const { policies } of namings) {
    if (policies === undefined || !rule.chain.includes(policies.within)) continue;
    const read = compileRules(policies, namings);
    const own = [...new Set(countedAlike.flatMap((other) => read(other) ?? []))];
    if (own.length > 0) return { text: own.slice(0, MOST_NAMED).join(", "), code: null };
  }
  const comment = commentOf(rule, namings) ?? "";
  for (const { services } of namings) {
    const { withoutEndpoints, withoutLocalEndpoints } = services ?? {};
    const nowhere = readService(withoutEndpoints, comment);
    if (nowhere !== null) return { text: `Service ${nowhere}, which has no endpoints`, code: null };
    const elsewhere = readService(withoutLocalEndpoints, comment);
    if (elsewhere === null) continue;
    const text = `on purpose: Service ${elsewhere} is for pods of the same node (traffic policy Local), which has none`;
    return { text, code: "no-local-endpoint" };
  }
  return null;
}

function readService(pattern: string | undefined, comment: string): string | null {
  const service = pattern === undefined ? null : compilePattern(pattern, { whole: true })(comment);
  return service === null ? null : `${service.namespace}/${service.name}`;
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
