import { findService, runOnNode, type ClusterFacts } from "../../cluster/index.js";
import { asHopbookError } from "../../errors.js";
import { canonicalIp, ipVersion, type Family } from "../../linux/address.js";
import { optionOf, parseIptablesSave } from "../../linux/iptables-save.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";

const DNS_PORT = 53;
const SERVICE_NAME = /^[0-9a-z-]{1,63}\/[0-9a-z.-]{1,253}/;

/** A Service that has port 53, by a node's NAT table. */
export interface TableService {
  readonly ip: string;
  /** `namespace/name`, or "a Service" where the table does not say. */
  readonly name: string;
  readonly endpoints: readonly string[];
}

/** What a node's NAT tables say of Services. */
interface ServiceTable {
  find(ip: string): TableService | null;
  /** Those that have port 53, in the order of their addresses. */
  list(): readonly TableService[];
  /** Why it says nothing of addresses of a family; null: it does. */
  unread(family: Family): string | null;
}

interface Reading {
  readonly access: GuardedAccess | null;
  readonly namings: ClusterFacts["namings"];
  readonly signal: AbortSignal;
}

/** Reads the tables of these families; what cannot be read is unread, which is not the same as empty. */
export async function readServiceTable(
  families: ReadonlySet<Family>,
  { access, namings, signal }: Reading,
): Promise<ServiceTable> {
  const entries = new Set(namings.flatMap(({ services }) => services?.entry ?? []));
  const read = [...families].map(async (family) => {
    const { text, why } = await readNat(family, access, signal);
    if (why !== null) return { family, text: "", why };
    const tells = parseIptablesSave(text).rules.some(({ chain }) => entries.has(chain));
    const none = `the NAT table of ${access?.node ?? ""} has no chain of Services (kube-proxy may use nftables or IPVS)`;
    return { family, text, why: tells ? null : none };
  });
  const tables = new Map((await Promise.all(read)).map((table) => [table.family, table]));
  const find = (ip: string): TableService | null => {
    const ports = findService(tables.get(ipVersion(ip))?.text ?? "", ip, namings).filter(
      ({ port }) => port === DNS_PORT,
    );
    const [first] = ports;
    if (first === undefined) return null;
    const endpoints = new Set(ports.flatMap((port) => port.endpoints).map((endpoint) => endpoint.ip));
    return {
      ip,
      name: SERVICE_NAME.exec(first.name ?? "")?.[0] ?? "a Service",
      endpoints: [...endpoints].sort(),
    };
  };
  const addresses = [...tables.values()].flatMap(({ text }) => listDnsAddresses(text, entries));
  return {
    find,
    list: () => [...new Set(addresses)].sort().flatMap((ip) => find(ip) ?? []),
    unread: (family) => tables.get(family)?.why ?? null,
  };
}

async function readNat(
  family: Family,
  access: GuardedAccess | null,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly why: string | null }> {
  if (access === null) return { text: "", why: "only the pod is entered, not its node" };
  const argv: Argv = [family === 6 ? "ip6tables-save" : "iptables-save", "-t", "nat"];
  try {
    const options = { action: "node/read", doing: "read the NAT table", signal };
    const { exitCode, stdout } = await runOnNode(access, argv, options);
    if (exitCode === 0) return { text: stdout.toString("utf8"), why: null };
    return { text: "", why: `${argv[0]} on ${access.node} ended with exit code ${String(exitCode)}` };
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code !== "TOOL_MISSING" && failure.code !== "COMMAND_TIMEOUT") throw failure;
    return { text: "", why: failure.message };
  }
}

/** The ClusterIPs that have port 53. */
function listDnsAddresses(table: string, entries: ReadonlySet<string>): readonly string[] {
  return parseIptablesSave(table).rules.flatMap((rule) => {
    if (!entries.has(rule.chain) || optionOf(rule, "--dport") !== String(DNS_PORT)) return [];
    return canonicalIp((optionOf(rule, "-d") ?? "").replace(/\/(32|128)$/, "")) ?? [];
  });
}
