import { canonicalIp } from "./address.js";
import { isInterfaceName } from "./interface-name.js";
import { integerOf, parseJson, recordsOf, textOf, textsOf, type JsonRecord } from "./json.js";

/** `ip -j route get`: where the kernel sends a packet. */
export interface RouteAnswer {
  readonly dev: string;
  readonly gateway: string | null;
  /** The far node by the route's own `encap ip … dst`; null where it has none. */
  readonly encapsulatedTo: string | null;
  /** The source address the kernel would choose; null where the lookup named one. */
  readonly source: string | null;
}

/** Where a route leads: one way of it. */
interface NextHop {
  readonly dev: string | null;
  readonly gateway: string | null;
  readonly weight: number | null;
  readonly encapsulation: RouteEncapsulation | null;
  /** onlink, linkdown, dead, offload… */
  readonly flags: readonly string[];
}

/** `encap ip id N src A dst B`, or another kind (mpls, seg6, bpf…) of which only the name is read. */
interface RouteEncapsulation {
  readonly kind: string;
  readonly id: number | null;
  readonly to: string | null;
}

/** `ip -j route show [table all]`: ip-route(8). */
export interface RouteEntry extends NextHop {
  /** `default`, a prefix or an address. */
  readonly dst: string;
  /** unicast, local, broadcast, blackhole, unreachable, prohibit, throw… */
  readonly type: string;
  /** Who made it: kernel, boot, static, bird, a number… null for boot without `-d`. */
  readonly protocol: string | null;
  /** main where nothing is printed. */
  readonly table: string;
  readonly scope: string | null;
  readonly metric: number | null;
  readonly preferredSource: string | null;
  readonly mtuBytes: number | null;
  /** Id of a nexthop object. */
  readonly nexthopId: number | null;
  /** All ways of a route with several; else the one that it is itself. */
  readonly nexthops: readonly NextHop[];
}

/**
 * iproute2 prints the destination of an encapsulation under the key `dst` once more, in the same object as the route's
 * own: all versions that know `encap ip`. A JSON reader keeps the last of them.
 */
const SECOND_DST = /("encap":"ip6?",(?:"(?:id|src)":(?:"[^"]{0,64}"|[0-9]{1,20}),){0,2})"dst":/g;

export function parseRouteAnswer(text: string): RouteAnswer | null {
  const [route] = readEntries(text);
  if (route === undefined) return null;
  const { dev, gateway, encapsulation } = readNextHop(route);
  if (dev === null) return null;
  return {
    dev,
    gateway,
    encapsulatedTo: encapsulation?.to ?? null,
    source: canonicalIp(textOf(route, "prefsrc") ?? "") ?? null,
  };
}

export function parseRoutes(text: string): RouteEntry[] {
  return readEntries(text).flatMap((route) => {
    const dst = textOf(route, "dst");
    if (dst === null) return [];
    const own = readNextHop(route);
    const several = recordsOf(route, "nexthops").map(readNextHop);
    const table = integerOf(route, "table");
    return [
      {
        ...own,
        dst,
        type: textOf(route, "type") ?? "unicast",
        protocol: textOf(route, "protocol"),
        table: textOf(route, "table") ?? (table === null ? "main" : String(table)),
        scope: textOf(route, "scope"),
        metric: integerOf(route, "metric"),
        preferredSource: canonicalIp(textOf(route, "prefsrc") ?? "") ?? null,
        mtuBytes: recordsOf(route, "metrics").map((metrics) => integerOf(metrics, "mtu"))[0] ?? null,
        nexthopId: integerOf(route, "nhid"),
        nexthops: several.length > 0 ? several : [own],
      },
    ];
  });
}

function readEntries(text: string): readonly JsonRecord[] {
  return recordsOf(parseJson(text.replaceAll(SECOND_DST, '$1"encap_dst":')));
}

function readNextHop(entry: JsonRecord): NextHop {
  const dev = textOf(entry, "dev");
  const encap = textOf(entry, "encap");
  // An IPv6 next hop of an IPv4 route stands in `via`.
  const gateway = textOf(entry, "gateway") ?? textOf(entry, "via", "host");
  return {
    dev: dev !== null && isInterfaceName(dev) ? dev : null,
    gateway: canonicalIp(gateway ?? "") ?? null,
    weight: integerOf(entry, "weight"),
    encapsulation:
      encap === null
        ? null
        : {
            kind: encap,
            id: integerOf(entry, "id"),
            to: canonicalIp(textOf(entry, "encap_dst") ?? "") ?? null,
          },
    flags: textsOf(entry, "flags"),
  };
}
