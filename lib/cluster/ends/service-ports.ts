import { canonicalIp } from "../../linux/address.js";
import { type AddressAndPort, parseAddress } from "../../linux/endpoint.js";
import { optionOf, parseIptablesSave, type SavedRule } from "../../linux/iptables-save.js";

/** A ClusterIP's port as kube-proxy's iptables mode programmed it on a node. */
export interface ServicePort {
  readonly clusterIp: string;
  readonly port: number;
  readonly protocol: string;
  /** `namespace/name:port` by the rule's comment; null where it has none. */
  readonly name: string | null;
  readonly endpoints: readonly AddressAndPort[];
}

/**
 * The ports of one ClusterIP in `iptables-save -t nat`: KUBE-SERVICES → KUBE-SVC-* → KUBE-SEP-* → DNAT.
 * kube-proxy's nftables and IPVS modes leave no such chains and yield nothing.
 */
export function findService(iptablesSave: string, clusterIp: string): ServicePort[] {
  const { rules } = parseIptablesSave(iptablesSave);
  const byChain = new Map<string, SavedRule[]>();
  for (const rule of rules) {
    const chain = byChain.get(rule.chain) ?? [];
    chain.push(rule);
    byChain.set(rule.chain, chain);
  }
  const found: ServicePort[] = [];
  for (const rule of byChain.get("KUBE-SERVICES") ?? []) {
    const target = optionOf(rule, "-j") ?? "";
    const port = Number(optionOf(rule, "--dport") ?? NaN);
    if (!/^KUBE-SV[CL]-/.test(target) || !Number.isInteger(port)) continue;
    if (canonicalIp((optionOf(rule, "-d") ?? "").replace(/\/(32|128)$/, "")) !== clusterIp) continue;
    const comment = optionOf(rule, "--comment");
    found.push({
      clusterIp,
      port,
      protocol: optionOf(rule, "-p") ?? "all",
      name: comment === null ? null : comment.replace(/ cluster IP$/, ""),
      endpoints: collectEndpoints(byChain, target, new Set()),
    });
  }
  return found;
}

function collectEndpoints(
  byChain: ReadonlyMap<string, readonly SavedRule[]>,
  chain: string,
  visited: Set<string>,
): AddressAndPort[] {
  // Chains of a hostile or broken table may lead back to themselves.
  if (visited.has(chain)) return [];
  visited.add(chain);
  const found = new Map<string, AddressAndPort>();
  for (const rule of byChain.get(chain) ?? []) {
    const target = optionOf(rule, "-j") ?? "";
    const destination =
      target === "DNAT" ? parseAddress(optionOf(rule, "--to-destination") ?? "") : undefined;
    const endpoints = destination === undefined ? [] : [destination];
    if (/^KUBE-(SEP|SVC|SVL)-/.test(target)) endpoints.push(...collectEndpoints(byChain, target, visited));
    for (const endpoint of endpoints) found.set(JSON.stringify(endpoint), endpoint);
  }
  return [...found.values()];
}
