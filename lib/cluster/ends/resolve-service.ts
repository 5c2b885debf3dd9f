import { HopbookError, asHopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { ClusterFacts } from "../facts/gather.js";
import { inspectPods } from "../runtime/inspect.js";
import { runOnNode } from "../run.js";
import { findService, type ServicePort } from "./service-ports.js";
import { type AddressAndPort, formatAddress } from "../../linux/endpoint.js";
import { canonicalIp, ipVersion } from "../../linux/address.js";

/** A rule's comment, which is the node's word: the port's own name may stand behind the Service's. */
const SERVICE_NAME = /^([0-9a-z-]{1,63}\/[0-9a-z.-]{1,253})(?::[^/:]*)?$/;

interface ResolvedService {
  /** `namespace/name`; null where the table does not say. */
  readonly name: string | null;
  readonly clusterIp: AddressAndPort;
  /** The endpoint that is followed. */
  readonly backend: AddressAndPort;
  /** How many more there are. */
  readonly otherBackends: number;
}

interface ServiceOptions {
  readonly text: string;
  readonly fromNode?: string | null | undefined;
  readonly backend?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A Service's port and what is behind it, as a node's NAT table says. */
interface ServiceTable {
  /** The rules' comment; null where they have none. */
  readonly comment: string | null;
  readonly clusterIp: AddressAndPort;
  readonly endpoints: readonly AddressAndPort[];
}

/**
 * What a ClusterIP stands for by the sending node's NAT table; null where it is none there, or where the
 * node has no iptables (kube-proxy's nftables and IPVS modes are not read).
 * Throws TARGET_AMBIGUOUS (several ports, several backends), TARGET_NOT_FOUND (no such port or backend).
 */
export async function resolveService(
  address: AddressAndPort,
  facts: ClusterFacts,
  options: ServiceOptions,
): Promise<ResolvedService | null> {
  const table = await readService(address, facts, options);
  if (table === null) return null;
  const { comment, clusterIp, endpoints } = table;
  const backend = await chooseBackend(endpoints, facts, { ...options, name: comment });
  const name = SERVICE_NAME.exec(comment ?? "")?.[1] ?? null;
  return { name, clusterIp, backend, otherBackends: endpoints.length - 1 };
}

/** As resolveService, with all its endpoints. Throws TARGET_AMBIGUOUS (several ports), TARGET_NOT_FOUND (no such port). */
export async function readService(
  address: AddressAndPort,
  facts: ClusterFacts,
  options: Omit<ServiceOptions, "backend">,
): Promise<ServiceTable | null> {
  const asked = [...facts.accesses.keys()].filter((node) => !facts.failures.has(node));
  const access = facts.accesses.get(options.fromNode ?? asked[0] ?? "");
  if (access === undefined) return null;
  const table = await readNatTable(access, address, options.signal);
  const ports = findService(table, address.ip, facts.namings);
  if (ports.length === 0) return null;
  const fits = address.port === null ? ports : ports.filter((entry) => entry.port === address.port);
  const numbers = [...new Set(fits.map((entry) => entry.port))];
  const [port] = numbers;
  if (port === undefined) throw noSuchPort(options.text, ports);
  if (numbers.length > 1) throw severalPorts(options.text, fits);
  const endpoints = new Map(
    fits.flatMap((entry) => entry.endpoints).map((entry) => [formatAddress(entry), entry]),
  );
  const comment = fits[0]?.name ?? null;
  return { comment, clusterIp: { ip: address.ip, port }, endpoints: [...endpoints.values()] };
}

async function readNatTable(
  access: GuardedAccess,
  address: AddressAndPort,
  signal: AbortSignal | undefined,
): Promise<string> {
  const tool = ipVersion(address.ip) === 6 ? "ip6tables-save" : "iptables-save";
  const argv: Argv = [tool, "-t", "nat"];
  try {
    const result = await runOnNode(access, argv, {
      action: "node/read",
      doing: "read the NAT table",
      signal,
    });
    return result.exitCode === 0 ? result.stdout.toString("utf8") : "";
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code === "TOOL_MISSING") return "";
    throw failure;
  }
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
