import { asList, asRecord, fieldOf, integerOf, textOf } from "../linux/json.js";
import { canonicalIp } from "../linux/address.js";
import { isInterfaceName } from "../linux/interface-name.js";

/** A network device as `ip -d -j address show` says. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** veth, netkit, vxlan, bridge…; null for hardware. */
  readonly kind: string | null;
  readonly up: boolean;
  readonly mtuBytes: number | null;
  readonly mac: string | null;
  /** Index of the other end in its own network namespace (IFLA_LINK); null where there is none. */
  readonly peerIndex: number | null;
  /** The other end is in another network namespace. */
  readonly peerElsewhere: boolean;
  /** The bridge, bond or VRF that it is a port of. */
  readonly master: string | null;
  readonly addresses: readonly string[];
  /** What its kind has besides (`info_data`). */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The devices in iproute2's JSON; what has no usable name or index is left out. */
export function parseLinks(value: unknown): Link[] {
  return asList(value)
    .map(parseLink)
    .filter((link) => link !== null);
}

export function findLink(links: readonly Link[], name: string | null): Link | undefined {
  return name === null ? undefined : links.find((link) => link.name === name);
}

function parseLink(entry: unknown): Link | null {
  const name = textOf(entry, "ifname");
  const index = integerOf(entry, "ifindex");
  if (name === null || index === null || !isInterfaceName(name)) return null;
  const kind = textOf(entry, "linkinfo", "info_kind");
  const flags = asList(fieldOf(entry, "flags"));
  const state = textOf(entry, "operstate");
  const addresses = asList(fieldOf(entry, "addr_info")).map((info) =>
    canonicalIp(textOf(info, "local") ?? ""),
  );
  return {
    index,
    name,
    kind,
    up:
      flags.includes("UP") && state !== "DOWN" && state !== "LOWERLAYERDOWN" && !flags.includes("NO-CARRIER"),
    mtuBytes: integerOf(entry, "mtu"),
    mac: textOf(entry, "address"),
    peerIndex: integerOf(entry, "link_index"),
    peerElsewhere: integerOf(entry, "link_netnsid") !== null,
    master: textOf(entry, "master"),
    addresses: addresses.filter((ip) => ip !== undefined),
    data: asRecord(fieldOf(entry, "linkinfo", "info_data")),
  };
}
