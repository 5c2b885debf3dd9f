import { canonicalIp } from "../../linux/address.js";
import type { AddressAndPort } from "../../linux/endpoint.js";
import {
  asList,
  fieldOf,
  isRecord,
  numberOf,
  parseJson,
  recordsOf,
  textOf,
  textsOf,
  type JsonRecord,
} from "../../linux/json.js";
import type { Naming, ServiceMapNaming } from "../../model/naming.js";
import type { ServicePort } from "./service-ports.js";

/** A table of nftables whose maps lead Services' addresses and ports to chains. */
interface Table {
  readonly maps: ReadonlyMap<string, readonly unknown[]>;
  readonly rules: ReadonlyMap<string, readonly (readonly JsonRecord[])[]>;
  readonly timeouts: ReadonlyMap<string, number>;
}

/** Deeper than any jumps of nftables. */
const MOST_DEPTH = 16;

/** The ports of one address in `nft -j list table FAMILY NAME`; also those that the table says have no endpoint. */
export function findMappedService(listed: string, ip: string, namings: readonly Naming[]): ServicePort[] {
  return eachTable(listed, namings, (table, naming) => {
    const isCluster = isHeld(table.maps.get(naming.clusterIps), ip);
    const kind = isCluster ? "clusterIp" : "externalIp";
    const led = elementsOf(table.maps.get(naming.services)).flatMap(
      ({ parts: [address, ...rest], ...more }) =>
        canonicalIp(String(address)) === ip ? readPort(table, naming, { ...more, parts: rest, kind }) : [],
    );
    const none = elementsOf(table.maps.get(naming.withoutEndpoints)).flatMap(
      ({ parts: [address, ...rest], comment }) =>
        canonicalIp(String(address)) === ip
          ? readPort(table, naming, { parts: rest, comment, chain: null, kind })
          : [],
    );
    return [...led, ...none.filter(({ port }) => !led.some((one) => one.port === port))];
  });
}

/** The ClusterIPs of all Services, and the ranges whose other addresses the table drops. */
export function listMapped(
  listed: string,
  namings: readonly Naming[],
): { readonly clusterIps: readonly string[]; readonly ranges: readonly string[] } {
  const clusterIps = eachTable(listed, namings, ({ maps }, naming) =>
    (maps.get(naming.clusterIps) ?? []).filter((one) => typeof one === "string"),
  );
  const ranges = eachTable(listed, namings, ({ rules }) =>
    [...rules.values()]
      .flat()
      .flatMap((rule) => (rule.some((part) => "drop" in part) ? prefixesFor(rule) : [])),
  );
  return { clusterIps, ranges };
}

/** Whose destinations a rule asks for. */
function prefixesFor(rule: readonly JsonRecord[]): string[] {
  return rule.flatMap(({ match }) => {
    if (textOf(match, "left", "payload", "field") !== "daddr" || textOf(match, "op") !== "==") return [];
    const right = fieldOf(match, "right");
    return [right, ...asList(fieldOf(right, "set"))].flatMap((one) => {
      const [address, bits] = [textOf(one, "prefix", "addr"), numberOf(one, "prefix", "len")];
      return address === null || bits === null ? [] : [`${address}/${bits}`];
    });
  });
}

/** What a port of the node's own addresses is led to. */
export function findMappedNodePort(listed: string, port: number, namings: readonly Naming[]): ServicePort[] {
  return eachTable(listed, namings, (table, naming) =>
    elementsOf(table.maps.get(naming.nodePorts)).flatMap((element) =>
      readPort(table, naming, { ...element, kind: "nodePort" }),
    ),
  ).filter((one) => one.port === port);
}

function eachTable<Found>(
  listed: string,
  namings: readonly Naming[],
  read: (table: Table, naming: ServiceMapNaming) => Found[],
): Found[] {
  const named = namings.flatMap(({ services }) => services?.maps ?? []);
  if (named.length === 0) return [];
  const items = recordsOf(parseJson(listed), "nftables");
  return named.flatMap((naming) =>
    ["ip", "ip6"].flatMap((family) => read(readTable(items, { family, name: naming.table }), naming)),
  );
}

function readTable(
  items: readonly JsonRecord[],
  { family, name }: { readonly family: string; readonly name: string },
): Table {
  const [maps, timeouts] = [new Map<string, readonly unknown[]>(), new Map<string, number>()];
  const rules = new Map<string, (readonly JsonRecord[])[]>();
  const own = items.filter((item) =>
    Object.values(item).some(
      (value) => textOf(value, "family") === family && textOf(value, "table") === name,
    ),
  );
  for (const item of own) {
    const held = [item["map"], item["set"]].find(isRecord);
    if (held !== undefined) {
      maps.set(textOf(held["name"]) ?? "", asList(held["elem"]));
      timeouts.set(textOf(held["name"]) ?? "", numberOf(held["timeout"]) ?? 0);
    }
    const chain = textOf(item, "rule", "chain");
    if (chain === null) continue;
    rules.set(chain, [...(rules.get(chain) ?? []), recordsOf(item, "rule", "expr")]);
  }
  return { maps, rules, timeouts };
}

interface Element {
  readonly parts: readonly unknown[];
  readonly comment: string | null;
  /** null: none, what comes is refused. */
  readonly chain: string | null;
}

function elementsOf(elements: readonly unknown[] = []): Element[] {
  return elements.map((element) => {
    const [key, verdict] = asList(element);
    const bare = fieldOf(key, "elem", "val") ?? key;
    return {
      parts: asList(fieldOf(bare, "concat")),
      comment: textOf(key, "elem", "comment"),
      chain: textOf(verdict, "goto", "target") ?? textOf(verdict, "jump", "target"),
    };
  });
}

function isHeld(elements: readonly unknown[] = [], ip: string): boolean {
  return elements.some((element) => typeof element === "string" && canonicalIp(element) === ip);
}

function readPort(
  table: Table,
  { service, endpoint }: ServiceMapNaming,
  { parts: [protocol, port], comment, chain, kind }: Element & Pick<ServicePort, "kind">,
): ServicePort[] {
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) return [];
  const prefixes = [...service, ...endpoint];
  const follow = (name: string): readonly Way[] => waysOf(table, name, { prefixes, depth: 0 });
  const ways = chain === null ? [] : follow(chain);
  const kept = ways.flatMap((way) => way.keptSec ?? []);
  return [
    {
      ...{ port, protocol: String(protocol), kind },
      name: comment ?? (chain === null ? null : nameOf(chain)),
      endpoints: endpointsOf(ways),
      local: chain === null ? null : localOf(table, chain, follow),
      affinity: kept[0] === undefined ? null : { seconds: kept[0], lists: [] },
    },
  ];
}

/** `service-ULMVA6XW-shop/web/tcp/http`. */
function nameOf(chain: string): string | null {
  const [, namespace = "", name = "", port = ""] =
    /^[a-z]+-[A-Z0-9]+-([0-9a-z-]+)\/([0-9a-z.-]+)\/[a-z]+\/([^/]*)$/.exec(chain) ?? [];
  return name === "" ? null : `${namespace}/${name}${port === "" ? "" : `:${port}`}`;
}

interface Way {
  readonly endpoint: AddressAndPort;
  /** So long a client is kept to it; absent: it is not. */
  readonly keptSec?: number;
}

function waysOf(
  table: Table,
  chain: string,
  { prefixes, depth }: { readonly prefixes: readonly string[]; readonly depth: number },
): readonly Way[] {
  if (depth > MOST_DEPTH || !prefixes.some((prefix) => chain.startsWith(prefix))) return [];
  return (table.rules.get(chain) ?? []).flatMap((rule) => {
    const led = targetsOf(rule).flatMap((target) => waysOf(table, target, { prefixes, depth: depth + 1 }));
    const kept = rule
      .map(({ match }) => textOf(match, "right"))
      .flatMap((right) => table.timeouts.get(right?.replace(/^@/, "") ?? "") ?? []);
    return [
      ...led.map((way) => (kept[0] === undefined || kept[0] === 0 ? way : { ...way, keptSec: kept[0] })),
      ...rule.flatMap(({ dnat }) => readTranslation(dnat)),
    ];
  });
}

function readTranslation(dnat: unknown): Way[] {
  const [ip, port] = [canonicalIp(textOf(dnat, "addr") ?? ""), numberOf(dnat, "port")];
  return ip === undefined ? [] : [{ endpoint: { ip, port } }];
}

/** Where a rule leads on, by chance as well. */
function targetsOf(rule: readonly JsonRecord[]): string[] {
  return rule.flatMap((part) => [
    ...[textOf(part, "goto", "target"), textOf(part, "jump", "target")].flatMap((name) => name ?? []),
    ...elementsOf(asList(fieldOf(part, "vmap", "data", "set"))).flatMap(({ chain }) => chain ?? []),
  ]);
}

/** Endpoints for what comes from elsewhere, where rules lead the node's and its pods' packets by themselves; null: none does. */
function localOf(
  { rules }: Table,
  chain: string,
  follow: (name: string) => readonly Way[],
): readonly AddressAndPort[] | null {
  const leading = (rules.get(chain) ?? []).map((rule) => ({
    ways: targetsOf(rule).flatMap(follow),
    isOwn: asksOrigin(rule),
  }));
  if (!leading.some(({ ways, isOwn }) => isOwn && ways.length > 0)) return null;
  return endpointsOf(leading.flatMap(({ ways, isOwn }) => (isOwn ? [] : ways)));
}

/** Of a network, or of the node; a set holds clients that are kept to an endpoint. */
function asksOrigin(rule: readonly JsonRecord[]): boolean {
  return rule.some(({ match }) => {
    const asked = textOf(match, "left", "payload", "field") ?? textsOf(match, "left", "fib", "flags")[0];
    return asked === "saddr" && textOf(match, "right")?.startsWith("@") !== true;
  });
}

function endpointsOf(ways: readonly Way[]): AddressAndPort[] {
  return [...new Map(ways.map(({ endpoint }) => [JSON.stringify(endpoint), endpoint])).values()];
}
