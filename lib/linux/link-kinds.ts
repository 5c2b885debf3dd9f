import { isSet } from "./addresses.js";
import { canonicalIp } from "./address.js";
import { integerOf, textOf, type JsonRecord } from "./json.js";

/** What a device's kind has besides what all have: ip-link(8), `info_data` of `ip -d -j link show`. */
export type LinkKind = VirtualTunnel | IpTunnel | Plumbing | { readonly kind: "other" };

/** A tunnel over UDP with networks in it. */
interface VirtualTunnel {
  readonly kind: "vxlan" | "geneve";
  /** VNI; null for a device that is told it with each packet. */
  readonly network: number | null;
  readonly port: number | null;
  readonly local: string | null;
  readonly remote: string | null;
  /** A multicast group that unknown frames go to. */
  readonly group: string | null;
  /** The device that it sends by. */
  readonly device: string | null;
  /** Addresses come with each packet (`external`, collect metadata): from OVS, eBPF or a route's encap. */
  readonly external: boolean;
  readonly learning: boolean;
}

/** A tunnel over IP. */
interface IpTunnel {
  readonly kind: "ipip" | "sit" | "gre" | "gretap" | "ip6tnl" | "ip6gre" | "ip6gretap" | "vti" | "vti6";
  readonly local: string | null;
  /** null: any, each route's next hop being the far end. */
  readonly remote: string | null;
  readonly device: string | null;
  readonly external: boolean;
  /** GRE's keys, as iproute2 prints them: `0.0.0.5` or a number. */
  readonly inputKey: string | null;
  readonly outputKey: string | null;
}

type Plumbing =
  | { readonly kind: "veth" | "wireguard" | "dummy" }
  | { readonly kind: "bridge"; readonly vlanFiltering: boolean; readonly stp: boolean }
  | { readonly kind: "vlan"; readonly id: number | null; readonly protocol: string | null }
  | { readonly kind: "bond"; readonly mode: string | null; readonly activeSlave: string | null }
  | { readonly kind: "vrf"; readonly table: number | null }
  | { readonly kind: "macvlan" | "macvtap" | "ipvlan" | "ipvtap"; readonly mode: string | null }
  | {
      readonly kind: "netkit";
      readonly mode: string | null;
      readonly isPrimary: boolean;
      readonly policy: string | null;
      readonly peerPolicy: string | null;
    }
  | { readonly kind: "tun"; readonly type: string | null };

/** The attributes of a device's kind, typed; `other` for hardware and kinds that are not read. */
export function readKind({
  kind,
  data,
}: {
  readonly kind: string | null;
  readonly data: JsonRecord;
}): LinkKind {
  const read = kind !== null && Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  return read === undefined ? { kind: "other" } : read(data);
}

const MOST_NETWORK = 2 ** 24;

const READERS: Readonly<Record<string, (data: JsonRecord) => LinkKind>> = {
  vxlan: (data) => readVirtualTunnel("vxlan", data),
  geneve: (data) => readVirtualTunnel("geneve", data),
  ipip: (data) => readIpTunnel("ipip", data),
  sit: (data) => readIpTunnel("sit", data),
  gre: (data) => readIpTunnel("gre", data),
  gretap: (data) => readIpTunnel("gretap", data),
  ip6tnl: (data) => readIpTunnel("ip6tnl", data),
  ip6gre: (data) => readIpTunnel("ip6gre", data),
  ip6gretap: (data) => readIpTunnel("ip6gretap", data),
  vti: (data) => readIpTunnel("vti", data),
  vti6: (data) => readIpTunnel("vti6", data),
  veth: () => ({ kind: "veth" }),
  wireguard: () => ({ kind: "wireguard" }),
  dummy: () => ({ kind: "dummy" }),
  bridge: (data) => ({
    kind: "bridge",
    vlanFiltering: integerOf(data, "vlan_filtering") === 1,
    stp: (integerOf(data, "stp_state") ?? 0) > 0,
  }),
  vlan: (data) => ({ kind: "vlan", id: integerOf(data, "id"), protocol: textOf(data, "protocol") }),
  bond: (data) => ({ kind: "bond", mode: textOf(data, "mode"), activeSlave: textOf(data, "active_slave") }),
  vrf: (data) => ({ kind: "vrf", table: integerOf(data, "table") }),
  macvlan: (data) => ({ kind: "macvlan", mode: textOf(data, "mode") }),
  macvtap: (data) => ({ kind: "macvtap", mode: textOf(data, "mode") }),
  ipvlan: (data) => ({ kind: "ipvlan", mode: textOf(data, "mode") }),
  ipvtap: (data) => ({ kind: "ipvtap", mode: textOf(data, "mode") }),
  netkit: (data) => ({
    kind: "netkit",
    mode: textOf(data, "mode"),
    isPrimary: textOf(data, "type") === "primary",
    policy: textOf(data, "policy"),
    peerPolicy: textOf(data, "peer_policy") ?? textOf(data, "peer-policy"),
  }),
  tun: (data) => ({ kind: "tun", type: textOf(data, "type") }),
};

function readVirtualTunnel(kind: VirtualTunnel["kind"], data: JsonRecord): VirtualTunnel {
  const external = isSet(data, "external");
  const network = integerOf(data, "id");
  const port = integerOf(data, "port");
  return {
    kind,
    network: external || network === null || network < 0 || network >= MOST_NETWORK ? null : network,
    port: port !== null && port >= 1 && port <= 65_535 ? port : null,
    local: tunnelAddress(data, "local"),
    remote: tunnelAddress(data, "remote"),
    group: tunnelAddress(data, "group"),
    device: textOf(data, "link"),
    external,
    learning: data["learning"] !== false,
  };
}

function readIpTunnel(kind: IpTunnel["kind"], data: JsonRecord): IpTunnel {
  return {
    kind,
    local: tunnelAddress(data, "local"),
    remote: tunnelAddress(data, "remote"),
    device: textOf(data, "link"),
    external: isSet(data, "external"),
    inputKey: keyOf(data, "ikey"),
    outputKey: keyOf(data, "okey"),
  };
}

/**
 * One of a tunnel's addresses (`local`, `remote`); null where it has none, which some versions print as `any`, `0.0.0.0` or
 * `::`. Devices that take both families name IPv6 addresses apart.
 */
export function tunnelAddress(data: JsonRecord, name: string): string | null {
  const ip = canonicalIp(textOf(data, name) ?? textOf(data, `${name}6`) ?? "");
  return ip === undefined || ip === "0.0.0.0" || ip === "::" ? null : ip;
}

function keyOf(data: JsonRecord, name: string): string | null {
  const number = integerOf(data, name);
  return textOf(data, name) ?? (number === null ? null : String(number));
}
