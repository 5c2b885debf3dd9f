import { canonicalIp } from "../../linux/address.js";
import { type AddressAndPort, parseAddress } from "../../linux/endpoint.js";

/** A ClusterIP's port as kube-proxy's iptables mode programmed it on a node. */
export interface ServicePort {
  readonly clusterIp: string;
  readonly port: number;
  readonly protocol: string;
  /** `namespace/name:port` by the rule's comment; null where it has none. */
  readonly name: string | null;
  readonly endpoints: readonly AddressAndPort[];
}

interface Rule {
  readonly chain: string;
  readonly options: ReadonlyMap<string, string>;
}

/**
 * The ports of one ClusterIP in `iptables-save -t nat`: KUBE-SERVICES → KUBE-SVC-* → KUBE-SEP-* → DNAT.
 * kube-proxy's nftables and IPVS modes leave no such chains and yield nothing.
 */
export function findService(iptablesSave: string, clusterIp: string): ServicePort[] {
  const rules = parseRules(iptablesSave);
  const byChain = new Map<string, Rule[]>();
  for (const rule of rules) {
    const chain = byChain.get(rule.chain) ?? [];
    chain.push(rule);
    byChain.set(rule.chain, chain);
  }
  const found: ServicePort[] = [];
  for (const rule of byChain.get("KUBE-SERVICES") ?? []) {
    const target = rule.options.get("-j") ?? "";
    const port = Number(rule.options.get("--dport") ?? NaN);
    if (!/^KUBE-SV[CL]-/.test(target) || !Number.isInteger(port)) continue;
    if (canonicalIp((rule.options.get("-d") ?? "").replace(/\/(32|128)$/, "")) !== clusterIp) continue;
    const comment = rule.options.get("--comment") ?? null;
    found.push({
      clusterIp,
      port,
      protocol: rule.options.get("-p") ?? "all",
      name: comment === null ? null : comment.replace(/ cluster IP$/, ""),
      endpoints: collectEndpoints(byChain, target, new Set()),
    });
  }
  return found;
}

function collectEndpoints(
  byChain: ReadonlyMap<string, readonly Rule[]>,
  chain: string,
  visited: Set<string>,
): AddressAndPort[] {
  // Chains of a hostile or broken table may lead back to themselves.
  if (visited.has(chain)) return [];
  visited.add(chain);
  const found = new Map<string, AddressAndPort>();
  for (const rule of byChain.get(chain) ?? []) {
    const target = rule.options.get("-j") ?? "";
    const destination =
      target === "DNAT" ? parseAddress(rule.options.get("--to-destination") ?? "") : undefined;
    const endpoints = destination === undefined ? [] : [destination];
    if (/^KUBE-(SEP|SVC|SVL)-/.test(target)) endpoints.push(...collectEndpoints(byChain, target, visited));
    for (const endpoint of endpoints) found.set(JSON.stringify(endpoint), endpoint);
  }
  return [...found.values()];
}

/** `-A CHAIN …` lines as options with their value; negated matches keep the `!` away from the value. */
function parseRules(text: string): Rule[] {
  const rules: Rule[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("-A KUBE-")) continue;
    const words = splitWords(line);
    const options = new Map<string, string>();
    for (let index = 2; index < words.length - 1; index++) {
      const word = words[index] ?? "";
      if (word.startsWith("-") && words[index - 1] !== "!") options.set(word, words[index + 1] ?? "");
    }
    rules.push({ chain: words[1] ?? "", options });
  }
  return rules;
}

/** Words as iptables-save quotes them: double quotes, with backslash before quotes and backslashes. */
function splitWords(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return words.map((word) =>
    word.startsWith('"') && word.endsWith('"') && word.length > 1
      ? word.slice(1, -1).replaceAll(/\\(.)/g, "$1")
      : word,
  );
}
