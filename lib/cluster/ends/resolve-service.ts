import { HopbookError } from "../../errors.js";
import type { Door } from "../../model/cluster.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { ClusterFacts } from "../facts/gather.js";
import { inspectPods } from "../runtime/inspect.js";
import { sayAffinity } from "../facts/service.js";
import {
  readBalancerTable,
  readFilterTable,
  readNatTable,
  readPinned,
  readServiceMaps,
} from "./nat-table.js";
import { findBalanced } from "./service-balancer.js";
import type { KnownServices } from "./service-range.js";
import { findMappedNodePort, findMappedService, listMapped } from "./service-maps.js";
import { findNodePort, findService, isRefused, listClusterIps, type ServicePort } from "./service-ports.js";
import { type AddressAndPort, formatAddress } from "../../linux/endpoint.js";
import { canonicalIp } from "../../linux/address.js";

/** A rule's comment, which is the node's word: the port's own name may stand behind the Service's. */
const SERVICE_NAME = /^([0-9a-z-]{1,63}\/[0-9a-z.-]{1,253})(?::[^/:]*)?$/;

export interface ResolvedService {
  /** `namespace/name`; null where the table does not say. */
  readonly name: string | null;
  /** The address and port that were asked for. */
  readonly sentTo: AddressAndPort;
  /** null: it is a ClusterIP. */
  readonly door: Door | null;
  /** The endpoint that is followed; null: what comes there is dropped on purpose, for the node has none. */
  readonly backend: AddressAndPort | null;
  /** How many more there are to which what is sent may go. */
  readonly otherBackends: number;
}

interface ServiceOptions {
  readonly text: string;
  readonly fromNode?: string | null | undefined;
  /** The sender's own address, by which it may be kept to one backend. */
  readonly fromIp?: string | null | undefined;
  readonly backend?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly note?: (text: string) => void;
  /** What the tables say of other Services, where none has the address. */
  readonly unserved?: (known: KnownServices) => void;
}

/** A Service's port and what is behind it, as a node's NAT table says. */
interface ServiceTable {
  /** The rules' comment; null where they have none. */
  readonly comment: string | null;
  readonly sentTo: AddressAndPort;
  readonly door: Door | null;
  readonly endpoints: readonly AddressAndPort[];
  readonly affinity: ServicePort["affinity"];
  readonly access: GuardedAccess;
}

/**
 * What an address stands for by a node's own tables (iptables, nftables, IPVS), of a Service or a port of the node `at`; null
 * where it is none there.
 * Throws TARGET_AMBIGUOUS (several ports, several backends), TARGET_NOT_FOUND (no such port or backend).
 */
export async function resolveService(
  address: AddressAndPort & { readonly at?: string },
  facts: ClusterFacts,
  options: ServiceOptions,
): Promise<ResolvedService | null> {
  const table = await readService(address, facts, options);
  if (table === null) return null;
  const { comment, sentTo, door, endpoints, affinity, access } = table;
  const name = SERVICE_NAME.exec(comment ?? "")?.[1] ?? null;
  const base = { name, sentTo, door };
  if (endpoints.length === 0 && door !== null) return { ...base, backend: null, otherBackends: 0 };
  const isKept = affinity !== null && endpoints.length > 1;
  const pinned = isKept ? await readPinned(access, affinity, options) : null;
  if (isKept) options.note?.(sayAffinity(options.text, affinity.seconds, pinned));
  const wanted = { ...options, name: comment, backend: options.backend ?? pinned ?? undefined };
  const backend = await chooseBackend(endpoints, facts, wanted);
  return { ...base, backend, otherBackends: backend.ip === pinned ? 0 : endpoints.length - 1 };
}

/** As resolveService, with all its endpoints. Throws TARGET_AMBIGUOUS (several ports), TARGET_NOT_FOUND (no such port). */
export async function readService(
  address: AddressAndPort & { readonly at?: string },
  facts: ClusterFacts,
  options: Omit<ServiceOptions, "backend">,
): Promise<ServiceTable | null> {
  const { at, ip } = address;
  const access = askedNode(facts, at ?? options.fromNode);
  if (access === undefined || (at !== undefined && facts.failures.has(at))) return null;
  const { namings } = facts;
  const ports = await readPorts(address, access, { ...options, namings });
  if (ports.length === 0) return null;
  const fits = address.port === null ? ports : ports.filter((entry) => entry.port === address.port);
  const numbers = [...new Set(fits.map((entry) => entry.port))];
  const [port] = numbers;
  if (port === undefined) throw noSuchPort(options.text, ports);
  if (numbers.length > 1) throw severalPorts(options.text, fits);
  // What comes from another node is for the node's own pods alone, where the Service says so.
  const isElsewhere = at !== undefined && at !== options.fromNode;
  const endpoints = new Map(
    fits
      .flatMap((entry) => (isElsewhere ? (entry.local ?? entry.endpoints) : entry.endpoints))
      .map((entry) => [formatAddress(entry), entry]),
  );
  const [first] = fits;
  const kind = first?.kind ?? "clusterIp";
  return {
    ...{ comment: first?.name ?? null, sentTo: { ip, port }, endpoints: [...endpoints.values()], access },
    door: kind === "clusterIp" ? null : { kind, node: at ?? null },
    affinity: first?.affinity ?? null,
  };
}

/** By iptables, or where that has none by nftables, or IPVS. */
async function readPorts(
  { ip, port, at }: AddressAndPort & { readonly at?: string },
  access: GuardedAccess,
  { namings, signal, unserved }: Pick<ClusterFacts, "namings"> & Pick<ServiceOptions, "signal" | "unserved">,
): Promise<readonly ServicePort[]> {
  const nodePort = at === undefined ? null : port;
  const table = await readNatTable(access, { ip }, signal);
  const saved = nodePort === null ? findService(table, ip, namings) : findNodePort(table, nodePort, namings);
  if (saved.length > 0) return saved;
  const named = namings.flatMap(({ services }) => services?.maps?.table ?? []);
  const [balancer, ...listed] = await Promise.all([
    readBalancerTable(access, signal),
    ...named.map((name) => readServiceMaps(access, { ip, table: name }, signal)),
  ]);
  const mapped = listed.flatMap((text) =>
    nodePort === null ? findMappedService(text, ip, namings) : findMappedNodePort(text, nodePort, namings),
  );
  if (mapped.length > 0) return mapped;
  const balanced = findBalanced(balancer, ip);
  if (balanced.length === 0) {
    const told = listed.map((text) => listMapped(text, namings));
    unserved?.({
      clusterIps: [...listClusterIps(table, namings), ...told.flatMap(({ clusterIps }) => clusterIps)],
      ranges: told.flatMap(({ ranges }) => ranges),
      saidBy: `${access.node}'s rules`,
    });
  }
  return balanced.map((one) => (nodePort === null ? one : { ...one, kind: "nodePort" }));
}

/** Whether the node that was asked refuses what is for an address, since the Service that has it has no endpoint. */
export async function isRefusedService(
  ip: string,
  facts: ClusterFacts,
  { fromNode, signal }: Pick<ServiceOptions, "fromNode" | "signal">,
): Promise<boolean> {
  const access = askedNode(facts, fromNode);
  return access !== undefined && isRefused(await readFilterTable(access, { ip }, signal), ip, facts.namings);
}

/** The sender's, or the first that answers. */
function askedNode(
  { accesses, failures }: ClusterFacts,
  node: string | null = null,
): GuardedAccess | undefined {
  return accesses.get(node ?? [...accesses.keys()].find((name) => !failures.has(name)) ?? "");
}

/**
 * To which backend of a Service the sender's node keeps it, by that node's own tables; null where it is kept to none, or the
 * node does not say.
 */
export async function askPinned(
  address: AddressAndPort,
  facts: ClusterFacts,
  options: Omit<ServiceOptions, "backend">,
): Promise<string | null> {
  const { fromNode = null } = options;
  if (fromNode === null || facts.failures.has(fromNode)) return null;
  const table = await readService(address, facts, options);
  return table?.affinity == null ? null : readPinned(table.access, table.affinity, options);
}

async function chooseBackend(
  endpoints: readonly AddressAndPort[],
  facts: ClusterFacts,
  options: ServiceOptions & { readonly name: string | null },
): Promise<AddressAndPort> {
  const service = `${options.text}${options.name === null ? "" : ` (${options.name})`}`;
  const [first, second] = endpoints;
  if (first === undefined) {
    const hint = "check the Service's selector and whether its pods are ready";
    throw new HopbookError("TARGET_NOT_FOUND", `Cannot follow ${service}: the service has no endpoint`, {
      hint,
    });
  }
  if (second === undefined && options.backend === undefined) return first;
  const named = await nameEndpoints(endpoints, facts, options.signal);
  const detail = named
    .map((entry) => `${entry.pod ?? "unknown pod"} at ${formatAddress(entry.address)}`)
    .join("\n");
  if (options.backend === undefined) {
    const message = `Cannot tell which backend of ${service} is meant: there are ${endpoints.length}`;
    const example = named.find((entry) => entry.pod !== null)?.pod ?? "namespace/pod";
    throw new HopbookError("TARGET_AMBIGUOUS", message, {
      hint: `choose one, as --backend ${example}, or follow each with --all-backends`,
      detail,
    });
  }
  const ip = canonicalIp(options.backend);
  const chosen = named.find((entry) => entry.pod === options.backend || entry.address.ip === ip);
  if (chosen !== undefined) return chosen.address;
  const message = `Cannot follow ${service} to ${options.backend}: it is none of the service's backends`;
  throw new HopbookError("TARGET_NOT_FOUND", message, { hint: "choose one of those listed", detail });
}

async function nameEndpoints(
  endpoints: readonly AddressAndPort[],
  facts: ClusterFacts,
  signal: AbortSignal | undefined,
): Promise<{ readonly address: AddressAndPort; readonly pod: string | null }[]> {
  const names = new Map<string, string>();
  await Promise.all(
    [...facts.accesses].map(async ([node, access]) => {
      const summaries = facts.pods.filter((pod) => pod.node === node);
      const endpoint = facts.profile.runtimeEndpoint;
      for (const pod of await inspectPods(access, summaries, { endpoint, signal })) {
        for (const ip of pod?.ips ?? []) if (pod !== null) names.set(ip, `${pod.namespace}/${pod.name}`);
      }
    }),
  );
  return endpoints.map((address) => ({ address, pod: names.get(address.ip) ?? null }));
}

function describePorts(ports: readonly ServicePort[]): string {
  return ports.map((entry) => `${entry.port}/${entry.protocol} ${entry.name ?? ""}`.trimEnd()).join("\n");
}

function noSuchPort(text: string, ports: readonly ServicePort[]): HopbookError {
  const message = `Cannot follow ${text}: the service has no such port`;
  return new HopbookError("TARGET_NOT_FOUND", message, {
    hint: "use one of its ports",
    detail: describePorts(ports),
  });
}

function severalPorts(text: string, ports: readonly ServicePort[]): HopbookError {
  const message = `Cannot tell which port of ${text} is meant: the service has several`;
  return new HopbookError("TARGET_AMBIGUOUS", message, {
    hint: "write the port as well",
    detail: describePorts(ports),
  });
}
