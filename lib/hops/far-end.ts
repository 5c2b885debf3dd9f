import { formatOfLink, isToldFarEnd, remoteEndOf, sealedFormatOfLink } from "../wire/registry.js";
import type { FarEndWay } from "../wire/types.js";
import { canonicalIp, isLinkLocal } from "../linux/address.js";
import type { Link } from "../linux/links.js";
import type { Looks } from "./looks.js";
import { readFdb, type NodeView } from "./read-node.js";

/** Where a node's tables say that its tunnel ends. */
export interface FarEnd {
  /** The next hop's, where the tunnel carries frames. */
  readonly remoteMac: string | null;
  /** The far node's address; null where nothing names it. */
  readonly remoteVtep: string | null;
  /** Who says so, for people: "FDB of flannel.1". */
  readonly saidBy: string;
}

/** What the ways of finding a far end go by. */
export interface FarEndInput {
  readonly view: NodeView;
  readonly looks: Looks;
  readonly link: Link;
  /** The route's next hop; the destination itself where it has none. */
  readonly gateway: string;
  /** The route's `encap ip … dst`. */
  readonly encapsulatedTo: string | null;
  readonly notes: string[];
}

/** null: this way names none. */
type FindFarEnd = (input: FarEndInput) => Promise<FarEnd | null>;

/** Asks in the order of the tunnel's wire format. What is missing is a fault to be found, so it is noted. */
export async function findFarEnd(input: FarEndInput): Promise<FarEnd> {
  const { link, view, notes } = input;
  const isTold = isToldFarEnd(link);
  for (const way of formatOfLink(link.kind)?.farEnd ?? []) {
    if (isTold && way !== "encap") continue;
    const found = await WAYS[way](input);
    if (found !== null) return found;
  }
  // What tells the device is a program's own table, and a sealed one's peers are keys: neither is read.
  if (!isTold && sealedFormatOfLink(link.kind) === null)
    notes.push(`nothing on ${view.node} says where ${link.name} ends`);
  return { remoteMac: null, remoteVtep: null, saidBy: link.name };
}

const WAYS: Record<FarEndWay, FindFarEnd> = {
  fdb: findByFdb,
  remote: ({ link }) => Promise.resolve(named(canonicalIp(remoteEndOf(link) ?? ""), link.name)),
  // A link-local next hop is within the tunnel, and not where it ends.
  gateway: ({ gateway, link }) =>
    Promise.resolve(named(isLinkLocal(gateway) ? null : gateway, `route through ${link.name}`)),
  encap: ({ encapsulatedTo, link }) => Promise.resolve(named(encapsulatedTo, `route into ${link.name}`)),
};

function named(ip: string | null | undefined, saidBy: string): FarEnd | null {
  return ip == null ? null : { remoteMac: null, remoteVtep: ip, saidBy };
}

const FLOOD_MAC = "00:00:00:00:00:00";

async function findByFdb({ view, looks, link, gateway, notes }: FarEndInput): Promise<FarEnd> {
  const neighbour = view.neighbours.find((entry) => entry.ip === gateway && entry.dev === link.name);
  const remoteMac = neighbour?.mac ?? null;
  if (remoteMac === null) notes.push(`${view.node} has no neighbour entry for ${gateway} on ${link.name}`);
  const fdb = await readFdb(looks, link.name);
  const entry = fdb.find((candidate) => candidate.mac === remoteMac && candidate.dst !== null);
  const flood = fdb.find((candidate) => candidate.mac === FLOOD_MAC && candidate.dst !== null);
  if (remoteMac !== null && entry === undefined && flood === undefined) {
    notes.push(`${view.node}'s FDB of ${link.name} has no entry for ${remoteMac} (${gateway})`);
  }
  return { remoteMac, remoteVtep: entry?.dst ?? null, saidBy: `FDB of ${link.name}` };
}
