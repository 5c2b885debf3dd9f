import { containsIp, parsePrefix } from "../../lib/linux/address.js";
import type { End } from "../../lib/model/cluster.js";
import type { GuardedAccess } from "../../lib/model/guarded-access.js";
import { replayNode, type Recorded, type Recording } from "../fixtures/nodes/replay.js";

/** A device, in the words of `ip -d -j address show` where `rest` has more of it. */
export interface Device {
  readonly index: number;
  readonly name: string;
  readonly kind?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Index of the other end, or of the device below. */
  readonly peer?: number;
  /** The other end is in another network namespace. */
  readonly elsewhere?: boolean;
  readonly master?: string;
  readonly alias?: string;
  readonly mac?: string;
  /** `ADDRESS/BITS`. */
  readonly ips?: readonly string[];
}

export interface Way {
  readonly dst: string;
  readonly dev: string;
  readonly gateway?: string;
  readonly protocol?: string;
  readonly type?: string;
  /** Not of the main table: of one that rules take for what comes in by this device, or from this address. */
  readonly iif?: string;
  readonly from?: string;
  readonly flags?: readonly string[];
  /** Of another table that a rule takes for everything. */
  readonly table?: number;
}

export interface Space {
  readonly devices: readonly Device[];
  readonly ways: readonly Way[];
}

export interface Machine extends Space {
  readonly node: string;
  readonly fdb?: Readonly<Record<string, readonly { readonly mac: string; readonly dst: string }[]>>;
  readonly neighbours?: readonly { readonly dst: string; readonly dev: string; readonly lladdr: string }[];
  /** Its kernel knows no IPv6. */
  readonly isWithoutIpv6?: boolean;
  /** By the path of their network namespace. */
  readonly pods: Readonly<Record<string, Space>>;
}

/** A node that answers what discovery asks as iproute2 does, of what it is said to have. */
export function asNode(machine: Machine): GuardedAccess {
  const answer = (words: readonly string[]): Recorded | undefined => {
    const [first = "", path = ""] = words;
    if (!first.startsWith("nsenter")) return answerIn(machine, words, machine);
    const space = machine.pods[path.replace("--net=", "")];
    return space === undefined ? undefined : answerIn(space, words.slice(2), null);
  };
  const recording = new Proxy<Recording>({}, { get: (_, key) => answer(String(key).split(" ")) });
  return replayNode(machine.node, recording);
}

function answerIn(space: Space, words: readonly string[], machine: Machine | null): Recorded | undefined {
  const text = words.join(" ");
  const print = (value: unknown): Recorded => ({ stdout: JSON.stringify(value) });
  if (text === "ip -d -j address show") return print(space.devices.map(showDevice));
  const ipv6 = text === "ip -j -6 route show";
  if (ipv6 && machine?.isWithoutIpv6 === true)
    return { stderr: "RTNETLINK answers: Operation not supported", exitCode: 2 };
  if (ipv6 || text === "ip -j route show")
    return print(space.ways.filter((way) => isMain(way) && isIpv6(way) === ipv6).map(showWay));
  if (text === "ip -j neigh show")
    return print((machine?.neighbours ?? []).map((entry) => ({ ...entry, state: ["PERMANENT"] })));
  if (text.startsWith("bridge -j fdb show dev ")) {
    const entries = machine?.fdb?.[words.at(-1) ?? ""] ?? [];
    return print(entries.map((entry) => ({ ...entry, flags: ["self"], state: "permanent" })));
  }
  const [, dst, from, iif] = /^ip -j route get (\S+)(?: from (\S+) iif (\S+))?$/.exec(text) ?? [];
  return dst === undefined ? undefined : lookUp(space, { dst, from, iif });
}

const isMain = ({ iif, from, table }: Way): boolean =>
  iif === undefined && from === undefined && table === undefined;

function isIpv6({ dst, gateway = "" }: Way): boolean {
  return (dst === "default" ? gateway : dst).includes(":");
}

function lookUp(
  space: Space,
  asked: { dst: string; from?: string | undefined; iif?: string | undefined },
): Recorded {
  const { dst, from, iif } = asked;
  const bitsOf = (way: Way): number => {
    if (way.dst === "default") return isIpv6(way) === dst.includes(":") ? 0 : -1;
    const prefix = parsePrefix(way.dst);
    return prefix !== undefined && containsIp(prefix, dst) ? prefix.lengthBits : -1;
  };
  const best = (ways: readonly Way[]): Way | undefined =>
    ways.filter((way) => bitsOf(way) >= 0).toSorted((a, b) => bitsOf(b) - bitsOf(a))[0];
  const byRule = space.ways.filter(
    (way) =>
      (way.iif !== undefined && way.iif === iif) ||
      (way.from !== undefined && way.from === from) ||
      way.table !== undefined,
  );
  const way = best(byRule) ?? best(space.ways.filter(isMain));
  if (way === undefined || way.type === "blackhole")
    return { stderr: "RTNETLINK answers: Network is unreachable", exitCode: 2 };
  const { dev, gateway } = way;
  return {
    stdout: JSON.stringify([
      { dst, ...(from === undefined ? {} : { from, iif }), gateway, dev, flags: [], cache: [] },
    ]),
  };
}

function showWay({ dst, dev, gateway, protocol, type, flags = [] }: Way): Record<string, unknown> {
  if (type !== undefined) return { type, dst, protocol, flags };
  return { dst, gateway, dev, protocol, flags };
}

function showDevice(device: Device): Record<string, unknown> {
  const { index, name, kind, data, peer, elsewhere, master, alias, ips = [] } = device;
  const mac = device.mac ?? `02:00:00:00:00:${index.toString(16).padStart(2, "0")}`;
  return {
    ifindex: index,
    ifname: name,
    ...(peer === undefined ? {} : { link_index: peer }),
    ...(elsewhere === true ? { link_netnsid: 0 } : {}),
    ...(master === undefined ? {} : { master }),
    ...(alias === undefined ? {} : { ifalias: alias }),
    flags: ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    mtu: 1500,
    operstate: "UP",
    link_type: "ether",
    address: mac,
    ...(kind === undefined
      ? {}
      : { linkinfo: { info_kind: kind, ...(data === undefined ? {} : { info_data: data }) } }),
    addr_info: ips.map((ip) => {
      const [local = "", bits = ""] = ip.split("/");
      const family = local.includes(":") ? "inet6" : "inet";
      return { family, local, prefixlen: Number(bits), scope: "global", label: name };
    }),
  };
}

/** A pod of a machine as an end. */
export function podEnd(pod: string, node: string, ip: string): End {
  const text = `shop/${pod}`;
  return {
    ...{ kind: "pod", text, pod: text, node, ip, port: null, addresses: [{ ip, port: null }] },
    ...{ netns: { kind: "path", path: `/run/netns/${pod}` }, hostNetwork: false, cniHostInterfaces: [] },
  };
}
