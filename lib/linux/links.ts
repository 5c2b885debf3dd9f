import { parseAddresses, type InterfaceAddress } from "./addresses.js";
import { readBridgePort, type BridgePort } from "./bridge-ports.js";
import { isInterfaceName } from "./interface-name.js";
import { asRecord, fieldOf, integerOf, numberOf, parseJson, recordsOf, textOf, textsOf } from "./json.js";
import type { JsonRecord } from "./json.js";

/** A network device as `ip -d -s -j link show` or `ip -d -j address show` say: ip-link(8). */
export interface Link {
  /** From 1; 0 where it was not printed. */
  readonly index: number;
  readonly name: string;
  /** veth, netkit, vxlan, bridge…; null for hardware. */
  readonly kind: string | null;
  readonly up: boolean;
  readonly mtuBytes: number | null;
  /** Its root queueing discipline: noqueue, fq_codel, mq, tbf… (tc(8)); null where it was not printed. */
  readonly qdisc: string | null;
  /** In lower case. */
  readonly mac: string | null;
  /** Index of the other end in its own network namespace (IFLA_LINK); null where there is none. */
  readonly peerIndex: number | null;
  /** Name of the other end, or of the device below, in this namespace. */
  readonly peerName: string | null;
  /** The other end is in another network namespace, which this one knows by this id. */
  readonly peerNamespaceId: number | null;
  /** The other end is in another network namespace. */
  readonly peerElsewhere: boolean;
  /** The bridge, bond or VRF that it is a port of. */
  readonly master: string | null;
  readonly alias: string | null;
  readonly addresses: readonly string[];
  /** The same with their prefixes; only `address show` tells them. */
  readonly addressInfo: readonly InterfaceAddress[];
  /** What its kind has besides (`info_data`), as it was printed: wire/ reads that of tunnels. */
  readonly data: JsonRecord;
  /** Of a port of a bridge, with `-d`. */
  readonly bridgePort: BridgePort | null;
  /** With `-s`. */
  readonly statistics: LinkStatistics | null;
}

interface LinkStatistics {
  readonly received: DirectionStatistics;
  readonly sent: DirectionStatistics;
}

interface DirectionStatistics {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

/** The Linux bridge that a device is a port of; null: none, or what switches its frames is another kind of master. */
export function bridgeOf(link: Link | undefined): string | null {
  return link === undefined || link.bridgePort === null ? null : link.master;
}

/** The devices in iproute2's JSON; what has no usable name is left out. */
export function parseLinks(text: string): Link[] {
  return recordsOf(parseJson(text))
    .map(parseLink)
    .filter((link) => link !== null);
}

export function findLink(links: readonly Link[], name: string | null): Link | undefined {
  return name === null ? undefined : links.find((link) => link.name === name);
}

/** A device of which only the name is known. */
export function bareLink(name: string): Link {
  return {
    ...{
      index: 0,
      name,
      kind: null,
      up: true,
      mtuBytes: null,
      qdisc: null,
      mac: null,
      alias: null,
      master: null,
    },
    ...{ peerIndex: null, peerName: null, peerNamespaceId: null, peerElsewhere: false },
    ...{ addresses: [], addressInfo: [], data: {}, bridgePort: null, statistics: null },
  };
}

function parseLink(entry: JsonRecord): Link | null {
  const name = textOf(entry, "ifname");
  if (name === null || !isInterfaceName(name)) return null;
  const flags = textsOf(entry, "flags");
  const state = textOf(entry, "operstate");
  const peerNamespaceId = integerOf(entry, "link_netnsid");
  const addressInfo = parseAddresses(fieldOf(entry, "addr_info"));
  return {
    index: integerOf(entry, "ifindex") ?? 0,
    name,
    kind: kindOf(entry),
    up:
      flags.includes("UP") && state !== "DOWN" && state !== "LOWERLAYERDOWN" && !flags.includes("NO-CARRIER"),
    mtuBytes: integerOf(entry, "mtu"),
    qdisc: textOf(entry, "qdisc"),
    mac: textOf(entry, "address")?.toLowerCase() ?? null,
    peerIndex: integerOf(entry, "link_index"),
    peerName: nameOf(textOf(entry, "link")),
    peerNamespaceId,
    peerElsewhere: peerNamespaceId !== null,
    master: textOf(entry, "master"),
    alias: textOf(entry, "ifalias"),
    addresses: addressInfo.map(({ ip }) => ip),
    addressInfo,
    data: asRecord(fieldOf(entry, "linkinfo", "info_data")),
    bridgePort:
      textOf(entry, "linkinfo", "info_slave_kind") === "bridge"
        ? readBridgePort(name, asRecord(fieldOf(entry, "linkinfo", "info_slave_data")))
        : null,
    statistics: readStatistics(entry),
  };
}

/** A program's own device (TUN) that has the link type of a tunnel is that tunnel, whoever wraps the packets. */
function kindOf(entry: JsonRecord): string | null {
  const kind = textOf(entry, "linkinfo", "info_kind");
  return kind === "tun" && textOf(entry, "link_type") === "ipip" ? "ipip" : kind;
}

function nameOf(text: string | null): string | null {
  return text !== null && isInterfaceName(text) ? text : null;
}

/** Kernels without 64-bit counters have `stats` alone. */
function readStatistics(entry: JsonRecord): LinkStatistics | null {
  const counters = fieldOf(entry, "stats64") ?? fieldOf(entry, "stats");
  if (counters === undefined) return null;
  return { received: readDirection(counters, "rx"), sent: readDirection(counters, "tx") };
}

function readDirection(counters: unknown, way: "rx" | "tx"): DirectionStatistics {
  const count = (name: string): number => numberOf(counters, way, name) ?? 0;
  return {
    bytes: count("bytes"),
    packets: count("packets"),
    errors: count("errors"),
    dropped: count("dropped"),
  };
}
