import { asList, fieldOf, textOf } from "../linux/json.js";
import { canonicalIp } from "../linux/address.js";
import { isInterfaceName } from "../linux/interface-name.js";

/** `ip -j route get`: where the kernel sends a packet. */
export interface RouteAnswer {
  readonly dev: string;
  readonly gateway: string | null;
  /** The far node by the route's own `encap ip … dst`; null where it has none. */
  readonly encapsulatedTo: string | null;
  /** The source address the kernel would choose; null where the lookup named one. */
  readonly source: string | null;
}

/** `ip -j route show`, as far as recognising a CNI and finding the default route need it. */
export interface RouteEntry {
  readonly dst: string;
  readonly dev: string | null;
  readonly protocol: string | null;
  readonly type: string;
}

/** `ip -j neigh show`. */
export interface Neighbour {
  readonly ip: string;
  readonly dev: string;
  readonly mac: string | null;
  readonly states: readonly string[];
}

/** `bridge -j fdb show dev …`. */
export interface FdbEntry {
  readonly mac: string;
  /** The VTEP; null for entries that name a port. */
  readonly dst: string | null;
}

export function parseRouteAnswer(value: unknown): RouteAnswer | null {
  const [route] = asList(value);
  const dev = textOf(route, "dev");
  if (dev === null || !isInterfaceName(dev)) return null;
  // An IPv6 next hop of an IPv4 route stands in `via`.
  const gateway = textOf(route, "gateway") ?? textOf(route, "via", "host");
  return {
    dev,
    gateway: canonicalIp(gateway ?? "") ?? null,
    // iproute2 prints two keys dst: the route's own and, later, that of the encapsulation, which a JSON reader keeps.
    encapsulatedTo:
      textOf(route, "encap") === "ip" ? (canonicalIp(textOf(route, "dst") ?? "") ?? null) : null,
    source: canonicalIp(textOf(route, "prefsrc") ?? "") ?? null,
  };
}

export function parseRoutes(value: unknown): RouteEntry[] {
  return asList(value).flatMap((route) => {
    const dst = textOf(route, "dst");
    const dev = textOf(route, "dev");
    if (dst === null) return [];
    return [
      {
        dst,
        dev: dev !== null && isInterfaceName(dev) ? dev : null,
        protocol: textOf(route, "protocol"),
        type: textOf(route, "type") ?? "unicast",
      },
    ];
  });
}

export function parseNeighbours(value: unknown): Neighbour[] {
  return asList(value).flatMap((entry) => {
    const ip = canonicalIp(textOf(entry, "dst") ?? "");
    const dev = textOf(entry, "dev");
    if (ip === undefined || dev === null || !isInterfaceName(dev)) return [];
    const states = asList(fieldOf(entry, "state")).filter((state) => typeof state === "string");
    return [{ ip, dev, mac: macOf(textOf(entry, "lladdr")), states }];
  });
}

export function parseFdb(value: unknown): FdbEntry[] {
  return asList(value).flatMap((entry) => {
    const mac = macOf(textOf(entry, "mac"));
    return mac === null ? [] : [{ mac, dst: canonicalIp(textOf(entry, "dst") ?? "") ?? null }];
  });
}

/** Six octets in lower case; null for anything else. */
function macOf(text: string | null): string | null {
  const mac = text?.toLowerCase() ?? "";
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) ? mac : null;
}
