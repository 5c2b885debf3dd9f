import { canonicalIp } from "../../linux/address.js";
import { type AddressAndPort, parseAddress } from "../../linux/endpoint.js";
import type { Naming, ServiceNaming } from "../../model/naming.js";
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
 * The ports of one ClusterIP in `iptables-save -t nat`: from the chain of all Services to one of the port, from there to
 * one of each endpoint, and DNAT. kube-proxy's nftables and IPVS modes leave no such chains and yield nothing.
 */
export function findService(
  iptablesSave: string,
  clusterIp: string,
  namings: readonly Naming[],
): ServicePort[] {
  const { rules } = parseIptablesSave(iptablesSave);
  const byChain = new Map<string, SavedRule[]>();
  for (const rule of rules) {
    const chain = byChain.get(rule.chain) ?? [];
    chain.push(rule);
    byChain.set(rule.chain, chain);
  }
  return namings.flatMap(({ services }) =>
    services === undefined ? [] : listPorts(byChain, clusterIp, services),
  );
}

type Chains = ReadonlyMap<string, readonly SavedRule[]>;

function listPorts(byChain: Chains, clusterIp: string, naming: ServiceNaming): ServicePort[] {
  const { entry, service, endpoint, commentSuffix } = naming;
  const found: ServicePort[] = [];
  for (const rule of byChain.get(entry) ?? []) {
    const target = optionOf(rule, "-j") ?? "";
    const port = Number(optionOf(rule, "--dport") ?? NaN);
    if (!beginsWith(target, service) || !Number.isInteger(port)) continue;
    if (canonicalIp((optionOf(rule, "-d") ?? "").replace(/\/(32|128)$/, "")) !== clusterIp) continue;
    const comment = optionOf(rule, "--comment");
    found.push({
      clusterIp,
      port,
      protocol: optionOf(rule, "-p") ?? "all",
      name: comment === null ? null : removeSuffix(comment, commentSuffix),
      endpoints: collectEndpoints(byChain, target, {
        prefixes: [...service, ...endpoint],
        visited: new Set(),
      }),
    });
  }
  return found;
}

function collectEndpoints(
  byChain: Chains,
  chain: string,
  way: { readonly prefixes: readonly string[]; readonly visited: Set<string> },
): AddressAndPort[] {
  // Chains of a hostile or broken table may lead back to themselves.
  if (way.visited.has(chain)) return [];
  way.visited.add(chain);
  const found = new Map<string, AddressAndPort>();
  for (const rule of byChain.get(chain) ?? []) {
    const target = optionOf(rule, "-j") ?? "";
    const destination =
      target === "DNAT" ? parseAddress(optionOf(rule, "--to-destination") ?? "") : undefined;
    const endpoints = destination === undefined ? [] : [destination];
    if (beginsWith(target, way.prefixes)) endpoints.push(...collectEndpoints(byChain, target, way));
    for (const endpoint of endpoints) found.set(JSON.stringify(endpoint), endpoint);
  }
  return [...found.values()];
}

function beginsWith(chain: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => chain.startsWith(prefix));
}

function removeSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
}
