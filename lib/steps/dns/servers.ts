import { findService, runOnNode, type ClusterFacts } from "../../cluster/index.js";
import { asHopbookError } from "../../errors.js";
import { canonicalIp, ipVersion } from "../../linux/address.js";
import { optionOf, parseIptablesSave } from "../../linux/iptables-save.js";
import { asList, fieldOf, textOf } from "../../linux/json.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { KubeReader } from "../../model/kube.js";
import type { DnsServer } from "../../traffic/index.js";

const DNS_PORT = 53;
/** Endpoints of one server that are asked, and servers beside those of resolv.conf. */
const MAX_ENDPOINTS = 4;
const MAX_REFERENCES = 1;

interface Asking {
  readonly facts: ClusterFacts;
  /** The node's; null where the pod alone can be entered. */
  readonly access: GuardedAccess | null;
  readonly kube: KubeReader | undefined;
  readonly signal: AbortSignal;
}

/**
 * The servers of a resolv.conf with the pods behind them, by the node's NAT table, else by the API; and, where none of them
 * is a Service, the cluster's own, which has port 53.
 */
export async function findServers(
  nameservers: readonly string[],
  asking: Asking,
): Promise<readonly DnsServer[]> {
  const table = await readTables(nameservers, asking);
  const found: DnsServer[] = [];
  for (const ip of nameservers) {
    const byTable = serviceOf(ip, table, asking.facts);
    found.push(
      byTable ??
        (await askApi(ip, asking)) ?? { ...{ ip, role: "nameserver" }, service: null, endpoints: [] },
    );
  }
  if (found.some(({ service }) => service !== null)) return found;
  const references = listDnsAddresses(table, asking.facts)
    .filter((ip) => !nameservers.includes(ip))
    .slice(0, MAX_REFERENCES)
    .flatMap((ip) => serviceOf(ip, table, asking.facts) ?? []);
  return [...found, ...references.map((server) => ({ ...server, role: "reference" as const }))];
}

async function readTables(nameservers: readonly string[], { access, signal }: Asking): Promise<string> {
  if (access === null) return "";
  const versions = new Set<4 | 6>([4, ...nameservers.map((ip) => ipVersion(ip))]);
  const texts = [...versions].map(async (version) => {
    const argv: Argv = [version === 6 ? "ip6tables-save" : "iptables-save", "-t", "nat"];
    try {
      const options = { action: "node/read", doing: "read the NAT table", signal };
      const { exitCode, stdout } = await runOnNode(access, argv, options);
      return exitCode === 0 ? stdout.toString("utf8") : "";
    } catch (error) {
      const failure = asHopbookError(error);
      if (failure.code !== "TOOL_MISSING") throw failure;
      return "";
    }
  });
  return (await Promise.all(texts)).join("\n");
}

function serviceOf(ip: string, table: string, { namings }: ClusterFacts): DnsServer | null {
  const ports = findService(table, ip, namings).filter(({ port }) => port === DNS_PORT);
  const [first] = ports;
  if (first === undefined) return null;
  const endpoints = [...new Set(ports.flatMap((entry) => entry.endpoints).map((endpoint) => endpoint.ip))];
  const service = /^[0-9a-z-]{1,63}\/[0-9a-z.-]{1,253}/.exec(first.name ?? "")?.[0] ?? "a Service";
  return { ip, role: "nameserver", service, endpoints: endpoints.sort().slice(0, MAX_ENDPOINTS) };
}

/** The ClusterIPs that have port 53. */
function listDnsAddresses(table: string, { namings }: ClusterFacts): readonly string[] {
  const entries = new Set(namings.flatMap(({ services }) => services?.entry ?? []));
  const addresses = parseIptablesSave(table).rules.flatMap((rule) => {
    if (!entries.has(rule.chain) || optionOf(rule, "--dport") !== String(DNS_PORT)) return [];
    return canonicalIp((optionOf(rule, "-d") ?? "").replace(/\/(32|128)$/, "")) ?? [];
  });
  return [...new Set(addresses)].sort();
}

const SERVICES = { group: "", version: "v1", resource: "services" } as const;
const SLICES = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" } as const;

/** null: no Service has that address, or nobody may say so. */
async function askApi(ip: string, { kube, signal }: Asking): Promise<DnsServer | null> {
  if (kube === undefined) return null;
  try {
    const fieldSelector = `spec.clusterIP=${ip}`;
    const [value] = await kube.list({ ...SERVICES, query: { fieldSelector }, signal }, 100);
    const [namespace, name] = [textOf(value, "metadata", "namespace"), textOf(value, "metadata", "name")];
    if (namespace == null || name == null) return null;
    const labelSelector = `kubernetes.io/service-name=${name}`;
    const slices = await kube.list({ ...SLICES, namespace, query: { labelSelector }, signal }, 100);
    const ready = slices
      .flatMap((slice) => asList(fieldOf(slice, "endpoints")))
      .filter((endpoint) => fieldOf(endpoint, "conditions", "ready") !== false);
    const addresses = ready.flatMap((endpoint) => asList(fieldOf(endpoint, "addresses")));
    const endpoints = addresses.flatMap((text) =>
      typeof text === "string" ? (canonicalIp(text) ?? []) : [],
    );
    const known = [...new Set(endpoints)].sort().slice(0, MAX_ENDPOINTS);
    return { ip, role: "nameserver", service: `${namespace}/${name}`, endpoints: known };
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code === "KUBE_FORBIDDEN" || failure.code === "KUBE_NOT_FOUND") return null;
    throw failure;
  }
}
