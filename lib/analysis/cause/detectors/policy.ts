import type { Rule } from "../../../linux/ruleset.js";
import type { Naming, PolicyNaming } from "../../../model/naming.js";
import type { PolicyDirection } from "../../../rules/policy/judge.js";
import { commentOf, compilePattern } from "../naming.js";

const MOST_NAMED = 3;

interface NamedPolicy {
  readonly text: string;
  /** Where it is a cause of its own. */
  readonly code: "no-local-endpoint" | null;
  /** Of a NetworkPolicy: for what its pod takes or sends. */
  readonly direction: PolicyDirection | null;
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
    const own = new Map(countedAlike.flatMap((other) => read(other) ?? []).map((one) => [one.text, one]));
    const [first] = own.values();
    if (first === undefined) continue;
    const text = [...own.keys()].slice(0, MOST_NAMED).join(", ");
    return { text, code: null, direction: first.direction };
  }
  const comment = commentOf(rule, namings) ?? "";
  for (const { services } of namings) {
    const { withoutEndpoints, withoutLocalEndpoints } = services ?? {};
    const nowhere = readService(withoutEndpoints, comment);
    if (nowhere !== null)
      return { text: `Service ${nowhere}, which has no endpoints`, code: null, direction: null };
    const elsewhere = readService(withoutLocalEndpoints, comment);
    if (elsewhere === null) continue;
    const text = `on purpose: Service ${elsewhere} is for pods of the same node (traffic policy Local), which has none`;
    return { text, code: "no-local-endpoint", direction: null };
  }
  return null;
}

interface Named {
  readonly text: string;
  readonly direction: PolicyDirection;
}

function readService(pattern: string | undefined, comment: string): string | null {
  const service = pattern === undefined ? null : compilePattern(pattern, { whole: true })(comment);
  return service === null ? null : `${service.namespace}/${service.name}`;
}

/** "NetworkPolicy shop/deny-web ingress", by the first pattern that fits a rule. */
function compileRules({ rules }: PolicyNaming, namings: readonly Naming[]): (rule: Rule) => Named | null {
  const compiled = rules.map(({ direction, chain, comment = "" }) => ({
    direction,
    ofChain: chain !== undefined,
    read: compilePattern(chain ?? comment, { whole: chain !== undefined }),
  }));
  return (rule) => {
    const said = commentOf(rule, namings) ?? "";
    for (const { direction, ofChain, read } of compiled) {
      const policy = read(ofChain ? rule.chain : said);
      if (policy !== null)
        return { text: `NetworkPolicy ${policy.namespace}/${policy.name} ${direction}`, direction };
    }
    return null;
  };
}
