import { asHopbookError } from "../../errors.js";
import { canonicalIp, ipVersion } from "../../linux/address.js";
import type { AddressAndPort } from "../../linux/endpoint.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { runOnNode } from "../run.js";
import type { ServicePort } from "./service-ports.js";

/** A node's NAT table of an address's family, as iptables-save prints it; empty where the node has no iptables. */
export async function readNatTable(
  access: GuardedAccess,
  address: Pick<AddressAndPort, "ip">,
  signal: AbortSignal | undefined,
): Promise<string> {
  return read(access, [saveToolOf(address), "-t", "nat"], { doing: "read the NAT table", signal });
}

/** The table in which Services without an endpoint are refused; the same of it. */
export async function readFilterTable(
  access: GuardedAccess,
  address: Pick<AddressAndPort, "ip">,
  signal: AbortSignal | undefined,
): Promise<string> {
  return read(access, [saveToolOf(address), "-t", "filter"], { doing: "read the filter table", signal });
}

const saveToolOf = ({ ip }: Pick<AddressAndPort, "ip">): string =>
  ipVersion(ip) === 6 ? "ip6tables-save" : "iptables-save";

const TABLE_NAME = /^[0-9A-Za-z_][0-9A-Za-z_-]{0,63}$/;

/** The table of nftables that leads Services on, as JSON; empty where the node has none. */
export async function readServiceMaps(
  access: GuardedAccess,
  { ip, table }: Pick<AddressAndPort, "ip"> & { readonly table: string },
  signal: AbortSignal | undefined,
): Promise<string> {
  if (!TABLE_NAME.test(table)) return "";
  const argv: Argv = ["nft", "-j", "list", "table", ipVersion(ip) === 6 ? "ip6" : "ip", table];
  return read(access, argv, { doing: "read the table of Services", signal });
}

/** The kernel's load balancer (IPVS), as text; empty where it is not loaded. */
export async function readBalancerTable(
  access: GuardedAccess,
  signal: AbortSignal | undefined,
): Promise<string> {
  return read(access, ["cat", "/proc/net/ip_vs"], { doing: "read the load balancer's table", signal });
}

const LIST_NAME = /^[0-9A-Za-z_-]{1,200}$/;
const MOST_LISTS = 16;

/**
 * The backend to which a node keeps a client, by its lists of recent ones (xt_recent), the newest entry first; null where it is in
 * none.
 */
export async function readPinned(
  access: GuardedAccess,
  { lists }: NonNullable<ServicePort["affinity"]>,
  {
    fromIp,
    signal,
  }: { readonly fromIp?: string | null | undefined; readonly signal?: AbortSignal | undefined },
): Promise<string | null> {
  const client = canonicalIp(fromIp ?? "");
  if (client === undefined) return null;
  const named = lists.filter(({ list }) => LIST_NAME.test(list)).slice(0, MOST_LISTS);
  const seen = await Promise.all(
    named.map(async ({ list, endpoint }) => {
      const argv: Argv = ["cat", `/proc/net/xt_recent/${list}`];
      const text = await read(access, argv, { doing: "read whom the node keeps to a backend", signal });
      return { ip: endpoint.ip, at: lastSeen(text, client) };
    }),
  );
  const known = seen.flatMap(({ ip, at }) => (at === null ? [] : [{ ip, at }]));
  return known.toSorted((one, other) => other.at - one.at)[0]?.ip ?? null;
}

/** `src=10.0.0.5 ttl: 63 last_seen: 4295000000 oldest_pkt: 3 …` of a client; null where there is none. */
function lastSeen(text: string, client: string): number | null {
  for (const line of text.split("\n")) {
    const [, source = "", at = ""] = /^src=(\S+) .*\blast_seen: (\d+)/.exec(line) ?? [];
    if (canonicalIp(source) === client) return Number(at);
  }
  return null;
}

async function read(
  access: GuardedAccess,
  argv: Argv,
  options: { readonly doing: string; readonly signal: AbortSignal | undefined },
): Promise<string> {
  try {
    const result = await runOnNode(access, argv, { action: "node/read", ...options });
    return result.exitCode === 0 ? result.stdout.toString("utf8") : "";
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code === "TOOL_MISSING") return "";
    throw failure;
  }
}
