import { containsBytes, parsePrefix, type Prefix } from "../linux/address.js";
import type { Link } from "../linux/links.js";
import type { RouteEntry } from "../linux/routes.js";
import type { AddressSet, AddressType, NodeView } from "./node.js";
import { addressOf } from "./packet.js";
import type { Doubt } from "./truth.js";

/** What was read of a node; what was not is undefined. */
export interface NodeState {
  /** With their addresses, where those were read. */
  readonly links?: readonly Link[];
  /** Of all tables. */
  readonly routes?: readonly RouteEntry[];
  readonly addressSets?: ReadonlyMap<string, AddressSet>;
}

interface Held {
  readonly prefix: Prefix;
  readonly entry: RouteEntry;
}

const TYPES: readonly string[] = [
  "local",
  "broadcast",
  "multicast",
  "anycast",
  "blackhole",
  "unreachable",
  "prohibit",
];

/** What rules may ask of a node, from what was read of it. */
export function viewNode({ links, routes, addressSets }: NodeState): NodeView {
  const held = routes?.flatMap((entry): Held[] => {
    const isSix = routesIpv6(entry);
    const prefix = parsePrefix(entry.dst === "default" ? (isSix ? "::/0" : "0.0.0.0/0") : entry.dst);
    return prefix === undefined ? [] : [{ prefix, entry }];
  });
  const byName = new Map((links ?? []).map((link) => [link.name, link]));
  return {
    addressType: (ip, device) => typeOf(ip, device, held),
    deviceIndex: (name) => byName.get(name)?.index ?? null,
    sourceFor: (device, { family }) =>
      byName
        .get(device)
        ?.addressInfo.find(({ ip, scope }) => scope !== "link" && ip.includes(":") === (family === 6))?.ip ??
      null,
    addressSet: (name) => addressSets?.get(name),
  };
}

function routesIpv6({ gateway, preferredSource }: RouteEntry): boolean {
  return (gateway ?? preferredSource ?? "").includes(":");
}

/** IPv4 asks the local table alone (inet_dev_addr_type), IPv6 its routes. */
function typeOf(ip: string, device: string | null, held: readonly Held[] | undefined): AddressType | Doubt {
  const bytes = addressOf(ip)?.bytes ?? [];
  const isFour = bytes.length === 4;
  if ((isFour && bytes[0]! >= 224 && bytes[0]! < 240) || (!isFour && bytes[0] === 0xff)) return "multicast";
  if (isFour && (bytes[0] === 0 || bytes.every((byte) => byte === 255))) return "broadcast";
  if (held === undefined)
    return { holds: `${ip} is what the rule asks for`, fails: `${ip} is not what the rule asks for` };
  for (const table of isFour ? ["local"] : ["local", "main"]) {
    const best = narrowest(
      held.filter(({ entry, prefix }) => entry.table === table && containsBytes(prefix, bytes)),
    );
    if (best === undefined || (device !== null && best.dev !== device)) continue;
    return TYPES.includes(best.type) ? (best.type as AddressType) : "unicast";
  }
  return isFour ? "unicast" : "unreachable";
}

function narrowest(held: readonly Held[]): RouteEntry | undefined {
  let best: Held | undefined;
  for (const one of held)
    if (best === undefined || one.prefix.lengthBits > best.prefix.lengthBits) best = one;
  return best?.entry;
}
