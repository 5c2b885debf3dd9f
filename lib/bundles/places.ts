import { resolve } from "node:path";
import type { EvidenceHop } from "../model/evidence.js";
import { parseLinks, type Link } from "../linux/links.js";
import { parseRoutes } from "../linux/routes.js";
import { formatOfLink, sealedFormatOfLink } from "../wire/registry.js";
import { podOfPath } from "./state-names.js";
import type { KnownState } from "./read-state.js";

/** Where a capture was made, as far as its name and the nodes' state tell. */
type KnownPlace = Pick<EvidenceHop, "node" | "role" | "interface" | "mtuBytes">;

type Placed = KnownPlace & { readonly pod: string | null };

/** A network namespace with its devices. */
export interface KnownNetns {
  readonly node: string;
  readonly pod: string | null;
  readonly links: readonly Link[];
  /** By which packets leave for anywhere, whatever its kind: the NIC of a node that is a container itself is a veth. */
  readonly outward: ReadonlySet<string>;
}

/** Those that the state tells of; devices by both looks at them, with the addresses of the one that has them. */
export function listNetns({ records, texts }: KnownState): readonly KnownNetns[] {
  const found = new Map<
    string,
    { node: string; pod: string | null; links: Map<string, Link>; outward: Set<string> }
  >();
  for (const { node, netns, kind, file } of records) {
    const pod = netns === "host" ? null : netns.pod;
    const key = JSON.stringify([node, pod]);
    const one = found.get(key) ?? { node, pod, links: new Map<string, Link>(), outward: new Set<string>() };
    found.set(key, one);
    if (kind === "routes") for (const name of defaultDevices(texts.get(file))) one.outward.add(name);
    if (kind !== "links" && kind !== "addresses") continue;
    for (const link of parseLinks(texts.get(file) ?? "")) {
      const known = one.links.get(link.name);
      const detailed = known !== undefined && known.kind !== null ? known : link;
      const addressed = link.addresses.length > 0 || known === undefined ? link : known;
      const { addresses, addressInfo } = addressed;
      one.links.set(link.name, { ...detailed, addresses, addressInfo });
    }
  }
  return [...found.values()].map((one) => ({ ...one, links: [...one.links.values()] }));
}

function defaultDevices(text = ""): string[] {
  return parseRoutes(text)
    .filter(({ dst }) => dst === "default")
    .flatMap(({ nexthops }) => nexthops.flatMap(({ dev }) => dev ?? []));
}

/** In whose pods captures were made, by their paths as they are in findings; those of nodes are left out. */
export function podsOfCaptures(dir: string, paths: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    paths.flatMap((path) => {
      const pod = podOfPath(path);
      return pod === null ? [] : [[resolve(dir, path), pod] as const];
    }),
  );
}

/** Places of captures, in their order; null: the names do not say, or two say the same. */
export function placeCaptures(paths: readonly string[], state: KnownState): readonly (KnownPlace | null)[] {
  const known = listNetns(state);
  const places = paths.map((path) => placeOf(path, known));
  const keyOf = (place: Placed | null): string => JSON.stringify([place?.node, place?.pod, place?.interface]);
  const keys = places.map(keyOf);
  return places.map((place) => {
    if (place === null || keys.filter((key) => key === keyOf(place)).length > 1) return null;
    const { node, role, interface: device, mtuBytes } = place;
    return { node, role, interface: device, mtuBytes };
  });
}

function placeOf(path: string, known: readonly KnownNetns[]): Placed | null {
  const node = findName(path, [...new Set(known.map((one) => one.node))]);
  if (node === null) return null;
  const stem = (path.split("/").at(-1) ?? "").replace(/(?:\.(?:pcap|pcapng|cap))?\d*(?:\.(?:gz|zst))?$/i, "");
  const pod = podOfPath(path);
  const netns = known.find((one) => one.node === node && one.pod === pod);
  const name = findName(stem.replace(node, ""), netns?.links.map((link) => link.name) ?? []);
  const link = netns?.links.find((one) => one.name === name);
  if (pod !== null) {
    const device = name ?? stem.split(".").at(-1) ?? "";
    return { node, pod, role: "pod", interface: device, mtuBytes: link?.mtuBytes ?? null };
  }
  if (link === undefined) return null;
  return {
    node,
    pod,
    role: netns?.outward.has(link.name) === true ? "nic" : roleOf(link),
    interface: link.name,
    mtuBytes: link.mtuBytes,
  };
}

/** The longest of `names` that stands in `text` for itself. */
function findName(text: string, names: readonly string[]): string | null {
  const isIn = (name: string): boolean => {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      const [before = "", after = ""] = [text[at - 1], text[at + name.length]];
      if (!/[a-z0-9]/i.test(before) && !/[a-z0-9]/i.test(after)) return true;
    }
    return false;
  };
  return names.filter((name) => name !== "" && isIn(name)).toSorted((a, b) => b.length - a.length)[0] ?? null;
}

/** What a device is on a packet's way, by its kind: lib/model/roles.ts. */
function roleOf({ kind }: Link): string {
  if (formatOfLink(kind) !== null || sealedFormatOfLink(kind) !== null) return "tunnel";
  if (kind === "bridge" || kind === "openvswitch") return "bridge";
  return kind === "veth" || kind === "netkit" ? "host-veth" : "nic";
}
