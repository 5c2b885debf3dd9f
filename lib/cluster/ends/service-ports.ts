import { canonicalIp } from "../../linux/address.js";
import { type AddressAndPort, parseAddress } from "../../linux/endpoint.js";
import type { Naming, ServiceNaming } from "../../model/naming.js";
import { optionOf, parseIptablesSave, type SavedRule } from "../../linux/iptables-save.js";

/** A port of a Service, or of a node, as a node's NAT table leads it on. */
export interface ServicePort {
  readonly port: number;
  readonly protocol: string;
  /** By which of the Service's addresses: `clusterIp` where the table does not say that it is another one. */
  readonly kind: "clusterIp" | "loadBalancer" | "externalIp" | "nodePort" | "hostPort";
  /** `namespace/name:port` by the rule's comment; null where it has none. */
  readonly name: string | null;
  readonly endpoints: readonly AddressAndPort[];
  /** The endpoints on the node itself, where what comes from elsewhere is led to these alone; null: to all. */
  readonly local: readonly AddressAndPort[] | null;
  /** Where clients are kept to one endpoint; null: they are not. */
  readonly affinity: Affinity | null;
}

interface Affinity {
  readonly seconds: number;
  /** Names of the kernel's lists of clients (xt_recent), each with its endpoint. */
  readonly lists: readonly { readonly list: string; readonly endpoint: AddressAndPort }[];
}

/**
 * The ports of one address in `iptables-save -t nat`: from the chain of all Services to one of the port, from there to
 * one of each endpoint, and DNAT. kube-proxy's other modes leave no such chains: service-maps.ts, service-balancer.ts.
 */
export function findService(iptablesSave: string, ip: string, namings: readonly Naming[]): ServicePort[] {
  const chains = readChains(iptablesSave);
  return namings.flatMap(({ services }) => {
    if (services === undefined) return [];
    const rules = chains.get(services.entry) ?? [];
    const own = rules.filter((rule) => destinationOf(rule) === ip);
    return own.flatMap((rule) => readPort(chains, rule, services));
  });
}

/** Whether an address is a Service's that has no endpoint, by `iptables-save -t filter`: what is for it is refused there. */
export function isRefused(iptablesSave: string, ip: string, namings: readonly Naming[]): boolean {
  const chains = readChains(iptablesSave);
  return namings.some(({ services }) =>
    (chains.get(services?.entry ?? "") ?? []).some((rule) => destinationOf(rule) === ip),
  );
}

/** The ClusterIPs of all Services that have an endpoint. */
export function listClusterIps(iptablesSave: string, namings: readonly Naming[]): string[] {
  const chains = readChains(iptablesSave);
  return namings.flatMap(({ services }) => {
    const rules = services === undefined ? [] : (chains.get(services.entry) ?? []);
    return rules.flatMap((rule) =>
      optionOf(rule, "--comment")?.endsWith(services?.commentSuffix ?? "") === true
        ? (destinationOf(rule) ?? [])
        : [],
    );
  });
}

/** What a port of the node's own addresses is led to: a NodePort's Service, or the pod of a host port. */
export function findNodePort(iptablesSave: string, port: number, namings: readonly Naming[]): ServicePort[] {
  const chains = readChains(iptablesSave);
  return namings.flatMap(({ services, hostPorts }) => {
    const nodePorts = services?.nodePorts === undefined ? [] : (chains.get(services.nodePorts) ?? []);
    const ofService = nodePorts.flatMap((rule) =>
      services === undefined ? [] : readPort(chains, rule, services),
    );
    const ofPods = hostPorts === undefined ? [] : (chains.get(hostPorts.entry) ?? []);
    const named = ofPods.flatMap((rule) =>
      readHostPort(chains, rule, { port, prefixes: hostPorts?.chain ?? [] }),
    );
    return [...ofService.map((one) => ({ ...one, kind: "nodePort" as const })), ...named].filter(
      (one) => one.port === port,
    );
  });
}

function destinationOf(rule: SavedRule): string | undefined {
  return canonicalIp((optionOf(rule, "-d") ?? "").replace(/\/(32|128)$/, ""));
}

type Chains = ReadonlyMap<string, readonly SavedRule[]>;

function readChains(iptablesSave: string): Chains {
  const byChain = new Map<string, SavedRule[]>();
  for (const rule of parseIptablesSave(iptablesSave).rules) {
    const chain = byChain.get(rule.chain) ?? [];
    chain.push(rule);
    byChain.set(rule.chain, chain);
  }
  return byChain;
}

function readPort(chains: Chains, rule: SavedRule, naming: ServiceNaming): ServicePort[] {
  const { service, endpoint, commentSuffix, suffixes = {} } = naming;
  const target = optionOf(rule, "-j") ?? "";
  const port = Number(optionOf(rule, "--dport") ?? NaN);
  if (!beginsWith(target, service) || !Number.isInteger(port)) return [];
  const prefixes = [...service, ...endpoint];
  const comment = optionOf(rule, "--comment");
  const known = [[commentSuffix, "clusterIp"] as const, ...Object.entries(suffixes)];
  const suffix = known.find(([text]) => comment?.endsWith(text) === true);
  const ways = collectWays(chains, target, { prefixes, visited: new Set() });
  return [
    {
      ...{ port, protocol: optionOf(rule, "-p") ?? "all", kind: suffix?.[1] ?? "clusterIp" },
      name: comment === null ? null : comment.slice(0, comment.length - (suffix?.[0].length ?? 0)),
      endpoints: endpointsOf(ways),
      local: leadsByOrigin(chains, target, prefixes),
      affinity: readAffinity(ways),
    },
  ];
}

/**
 * Endpoints for what comes from elsewhere, where a chain leads the node's and its pods' packets by jumps of their own (a traffic
 * policy of Local); null where it makes no such difference.
 */
function leadsByOrigin(
  chains: Chains,
  chain: string,
  prefixes: readonly string[],
): readonly AddressAndPort[] | null {
  const jumps = (chains.get(chain) ?? []).filter((rule) => beginsWith(optionOf(rule, "-j") ?? "", prefixes));
  const isOwn = (rule: SavedRule): boolean =>
    optionOf(rule, "-s") !== null || optionOf(rule, "--src-type") !== null;
  if (!jumps.some(isOwn)) return null;
  const others = jumps.filter((rule) => !isOwn(rule)).map((rule) => optionOf(rule, "-j") ?? "");
  return endpointsOf(others.flatMap((each) => collectWays(chains, each, { prefixes, visited: new Set() })));
}

function readHostPort(
  chains: Chains,
  rule: SavedRule,
  { port, prefixes }: { readonly port: number; readonly prefixes: readonly string[] },
): ServicePort[] {
  const target = optionOf(rule, "-j") ?? "";
  const ports = (optionOf(rule, "--dports") ?? optionOf(rule, "--dport") ?? "").split(",").map(Number);
  if (!beginsWith(target, prefixes) || !ports.includes(port)) return [];
  const own = (chains.get(target) ?? []).filter((each) => optionOf(each, "--dport") === String(port));
  const endpoints = endpointsOf(own.flatMap((each) => wayOf(each)));
  const protocol = optionOf(rule, "-p") ?? "all";
  return endpoints.length === 0
    ? []
    : [{ port, protocol, kind: "hostPort", name: null, endpoints, local: null, affinity: null }];
}

/** One way to an endpoint, and the lists by which clients are kept to it. */
interface Way {
  readonly endpoint: AddressAndPort;
  readonly kept: readonly { readonly list: string; readonly seconds: number }[];
}

function wayOf(rule: SavedRule): Way[] {
  const destination =
    optionOf(rule, "-j") === "DNAT" ? parseAddress(optionOf(rule, "--to-destination") ?? "") : undefined;
  return destination === undefined ? [] : [{ endpoint: destination, kept: [] }];
}

function collectWays(
  chains: Chains,
  chain: string,
  way: { readonly prefixes: readonly string[]; readonly visited: Set<string> },
): Way[] {
  // Chains of a hostile or broken table may lead back to themselves. Two jumps to one endpoint are one way of it.
  if (way.visited.has(chain)) return [];
  way.visited.add(chain);
  const rules = chains.get(chain) ?? [];
  return rules.flatMap((rule) => {
    const target = optionOf(rule, "-j") ?? "";
    const further = beginsWith(target, way.prefixes) ? collectWays(chains, target, way) : [];
    const [list, seconds] = [optionOf(rule, "--name"), Number(optionOf(rule, "--seconds") ?? NaN)];
    const isKept = rule.words.includes("--rcheck") && list !== null && Number.isInteger(seconds);
    const kept = isKept ? [{ list, seconds }] : [];
    return [...wayOf(rule), ...further.map((one) => ({ ...one, kept: [...one.kept, ...kept] }))];
  });
}

function endpointsOf(ways: readonly Way[]): AddressAndPort[] {
  return [...new Map(ways.map(({ endpoint }) => [JSON.stringify(endpoint), endpoint])).values()];
}

function readAffinity(ways: readonly Way[]): Affinity | null {
  const lists = ways.flatMap(({ endpoint, kept }) => kept.map(({ list }) => ({ list, endpoint })));
  const seconds = ways.flatMap(({ kept }) => kept.map((one) => one.seconds))[0];
  return seconds === undefined ? null : { seconds, lists };
}

function beginsWith(chain: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => chain.startsWith(prefix));
}
