import { findBackendsByIp, type ClusterFacts } from "../../cluster/index.js";
import { asHopbookError } from "../../errors.js";
import { ipVersion, type Family } from "../../linux/address.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { KubeReader } from "../../model/kube.js";
import type { DnsServer } from "../../traffic/index.js";
import { readDevices } from "./node-devices.js";
import { readServiceTable, type TableService } from "./service-table.js";

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
  { facts, access, kube, signal }: Asking,
): Promise<readonly DnsServer[]> {
  const families = new Set<Family>([4, ...nameservers.map((ip) => ipVersion(ip))]);
  const [table, devices] = await Promise.all([
    readServiceTable(families, { access, namings: facts.namings, signal }),
    readDevices(access, signal),
  ]);
  const found: DnsServer[] = [];
  for (const ip of nameservers) {
    const device = devices === null ? {} : { device: devices.get(ip) ?? null };
    const byTable = table.find(ip);
    const server = byTable === null ? await askApi(ip, { kube, signal }) : serverOf(byTable, "nameserver");
    const why = server === undefined ? table.unread(ipVersion(ip)) : null;
    const unread = why === null ? {} : { unread: why };
    found.push({ ...(server ?? noService(ip)), ...device, ...unread });
  }
  if (found.some(({ service }) => service !== null)) return found;
  const references = table
    .list()
    .filter(({ ip }) => !nameservers.includes(ip))
    .slice(0, MAX_REFERENCES);
  return [...found, ...references.map((service) => serverOf(service, "reference"))];
}

function serverOf({ ip, name, endpoints }: TableService, role: DnsServer["role"]): DnsServer {
  return { ip, role, service: name, endpoints: endpoints.slice(0, MAX_ENDPOINTS) };
}

function noService(ip: string): DnsServer {
  return { ip, role: "nameserver", service: null, endpoints: [] };
}

/** undefined: nobody may say whether a Service has that address. */
async function askApi(
  ip: string,
  { kube, signal }: Pick<Asking, "kube" | "signal">,
): Promise<DnsServer | undefined> {
  if (kube === undefined) return undefined;
  try {
    const found = await findBackendsByIp({ ip, port: DNS_PORT }, { kube, signal });
    if (found == null) return found === null ? noService(ip) : undefined;
    return serverOf({ ip, name: found.name, endpoints: found.backends }, "nameserver");
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code === "KUBE_FORBIDDEN" || failure.code === "KUBE_NOT_FOUND") return undefined;
    throw failure;
  }
}
