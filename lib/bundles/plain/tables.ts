import { parsePrefix } from "../../linux/address.js";
import type { JsonRecord } from "../../linux/json.js";
import { linesOf, wordsOf } from "../../linux/lines.js";
import { readPairs, without } from "./words.js";

const ROUTE_TYPES = new Set([
  ...["unicast", "local", "broadcast", "multicast", "anycast", "throw", "nat"],
  ...["unreachable", "prohibit", "blackhole"],
]);
const ROUTE_FLAGS = new Set(["onlink", "linkdown", "dead", "pervasive", "offload", "trap"]);
const ROUTE_PAIRS = {
  ...{ dev: "dev", table: "table", proto: "protocol", scope: "scope", src: "prefsrc", metric: "metric" },
  ...{ weight: "weight", nhid: "nhid" },
};

/** `ip route show [table all]` as `-j` prints it: ip-route(8). */
export function readPlainRoutes(text: string): JsonRecord[] {
  const routes: Record<string, unknown>[] = [];
  for (const line of linesOf(text)) {
    const words = wordsOf(line);
    const route = routes.at(-1);
    if (words[0] === "nexthop" && route !== undefined) {
      const ways = (route["nexthops"] ??= []) as JsonRecord[];
      ways.push(readWay(words.slice(1)));
    } else if (!/^\s/.test(line)) routes.push(...readRoute(words));
  }
  return routes;
}

function readRoute(words: readonly string[]): Record<string, unknown>[] {
  const type = ROUTE_TYPES.has(words[0] ?? "") ? words[0] : undefined;
  const [dst, ...rest] = type === undefined ? words : words.slice(1);
  const isRoute = dst === "default" || parsePrefix(dst ?? "") !== undefined;
  return isRoute ? [{ ...without({ type, dst }), ...readWay(rest) }] : [];
}

function readWay(words: readonly string[]): JsonRecord {
  const via = words.indexOf("via");
  const isOther = words[via + 1] === "inet6" || words[via + 1] === "inet";
  const gateway = via < 0 ? undefined : words[via + (isOther ? 2 : 1)];
  const encap = words.indexOf("encap");
  const wrapped = encap < 0 ? [] : words.slice(encap + 1);
  const mtu = readPairs(words, { mtu: "mtu" })["mtu"];
  return without({
    ...readPairs(encap < 0 ? words : [...words.slice(0, encap), ...afterEncap(wrapped)], ROUTE_PAIRS),
    ...(isOther ? { via: { family: words[via + 1], host: gateway } } : { gateway }),
    ...(encap < 0
      ? {}
      : { encap: wrapped[0], ...readPairs(wrapped.slice(0, 8), { id: "id", dst: "encap_dst" }) }),
    ...{ metrics: mtu === undefined ? undefined : [{ mtu }] },
    flags: words.filter((word) => ROUTE_FLAGS.has(word)),
  });
}

/** Behind an encapsulation's own words come `via` or `dev` of the route. */
function afterEncap(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => word === "via" || word === "dev");
  return at < 0 ? [] : words.slice(at);
}

const STATES = new Set([
  ...["PERMANENT", "NOARP", "REACHABLE", "STALE", "NONE", "INCOMPLETE", "DELAY", "PROBE", "FAILED"],
]);

/** `ip [-s] neigh show` as `-j` prints it: ip-neighbour(8). */
export function readPlainNeighbours(text: string): JsonRecord[] {
  return linesOf(text).map((line) => {
    const words = wordsOf(line);
    return without({
      ...{ dst: words[0], ...readPairs(words, { dev: "dev", lladdr: "lladdr" }) },
      state: words.filter((word) => STATES.has(word)),
      extern_learn: words.includes("extern_learn") ? null : undefined,
      proxy: words.includes("proxy") ? null : undefined,
    });
  });
}

const FDB_FLAGS = ["self", "extern_learn", "offload", "sticky", "router"];
const FDB_STATES = ["permanent", "static", "stale"];

/** `bridge [-s] fdb show` as `-j` prints it: bridge(8). */
export function readPlainFdb(text: string): JsonRecord[] {
  return linesOf(text).map((line) => {
    const words = wordsOf(line);
    return without({
      ...{ mac: words[0], flags: words.filter((word) => FDB_FLAGS.includes(word)) },
      ...readPairs(words, {
        ...{ dev: "ifname", dst: "dst", vlan: "vlan", port: "port", vni: "vni", src_vni: "src_vni" },
        ...{ nhid: "nhid", master: "master" },
      }),
      state: words.find((word) => FDB_STATES.includes(word)) ?? "",
    });
  });
}

/** `ip rule [list]` as `-j` prints it: ip-rule(8). */
export function readPlainRules(text: string): JsonRecord[] {
  return linesOf(text).flatMap((line) => {
    const [, priority, rest = ""] = /^(\d{1,10}):\s+(.*)$/.exec(line) ?? [];
    if (priority === undefined) return [];
    const words = wordsOf(rest);
    const { from, to, fwmark, ...named } = readPairs(words, {
      ...{ from: "from", to: "to", fwmark: "fwmark", iif: "iif", oif: "oif", lookup: "table", goto: "goto" },
      ...{ ipproto: "ipproto", sport: "sport", dport: "dport", suppress_prefixlength: "suppress_prefixlen" },
    });
    const [mark, mask] = typeof fwmark === "string" ? fwmark.split("/") : [];
    const action = words.find((word) => ["blackhole", "unreachable", "prohibit", "nop"].includes(word));
    return [
      without({
        ...{ priority: Number(priority), ...named, ...split("src", from), ...split("dst", to) },
        ...{ fwmark: mark, fwmask: mask, action, not: words[0] === "not" ? null : undefined },
      }),
    ];
  });
}

function split(name: string, value: unknown): JsonRecord {
  if (typeof value !== "string") return {};
  const [ip, bits] = value.split("/");
  return without({ [name]: ip, [`${name}len`]: bits === undefined ? undefined : Number(bits) });
}
