import { createHash } from "node:crypto";
import type { End, NetnsRef } from "../model/cluster.js";
import type { Encapsulation, Hop } from "../model/hops.js";
import { rankOf, type HopRole } from "../model/roles.js";
import { formatOfLink, localEndOf, sealedFormatOfLink, sealOf, wireOf, wornBy } from "../wire/registry.js";
import type { Leaving } from "./leave.js";
import type { Link } from "../linux/links.js";
import { fitsLink } from "./link-look.js";
import type { HopRecipe, KnownRole, RecipeDevice, RecipeHop } from "./recipe.js";
import { addressAtPod, type Side } from "./side.js";
import { findOutsidePort, type Underlay } from "./underlay.js";
import { ipVersion } from "../linux/address.js";

/** A hop before it has its place in the path. */
export type LooseHop = Omit<Hop, "index">;

export const PLAIN: Encapsulation = { kind: "none" };

const HOST: NetnsRef = { kind: "host" };

/** What passes through one node: the devices by role; a role that is null is left out. */
export interface NodeWay {
  readonly side: Side;
  readonly tunnel: { readonly link: Link; readonly evidence: string } | null;
  readonly nic: { readonly link: Link; readonly evidence: string } | null;
  /** What the packets wear at the NIC. */
  readonly encapsulation: Encapsulation;
  /** The direction in which packets leave the side's end. */
  readonly outward: Direction;
}

type Direction = "request" | "reply";
const DIRECTIONS: readonly Direction[] = ["request", "reply"];

/** The hops of one node from the pod outwards: those of the recipe that are there, by their rank. */
export function makeHops(
  way: NodeWay,
  places: readonly RecipeHop[],
  sees: HopRecipe["sees"] = {},
): LooseHop[] {
  return places
    .flatMap((place): LooseHop[] => {
      const hop = typeof place === "string" ? HOPS_BY_ROLE[place](way) : findDevice(way, place);
      if (hop === null) return [];
      const passedBy = passersBy(way, hop.role, sees);
      return [passedBy.length === 0 || hop.passedBy !== undefined ? hop : { ...hop, passedBy }];
    })
    .sort((a, b) => rankOf(a) - rankOf(b));
}

/** Directions whose packets the place may not show. */
function passersBy(
  { outward, encapsulation }: NodeWay,
  role: HopRole,
  sees: NonNullable<HopRecipe["sees"]>,
): readonly Direction[] {
  const own = Object.hasOwn(sees, role) ? sees[role] : undefined;
  if (own === "nothing" || (role === "nic" && sealOf(encapsulation) !== null)) return DIRECTIONS;
  return own === "outgoing" ? DIRECTIONS.filter((direction) => direction !== outward) : [];
}

function findDevice({ side: { view } }: NodeWay, { role, rank, device }: RecipeDevice): LooseHop | null {
  const link = view.links.find((candidate) => fitsLink(candidate, device));
  if (link === undefined) return null;
  const evidence = [`ip -d link: ${link.name} is what the recipe calls ${role}`];
  const hop = makeHop(link, { ...onHost(view.node, role, link), evidence });
  return rank === undefined ? hop : { ...hop, rank };
}

const HOPS_BY_ROLE: Record<KnownRole, (way: NodeWay) => LooseHop | null> = {
  pod: (way) => {
    const { pod, end, view } = way.side;
    if (pod === null || end.netns === null) return null;
    const { link, evidence } = pod;
    return podHop({ end, node: view.node, link, evidence, netns: end.netns });
  },
  "host-veth": (way) => {
    const { pod, view } = way.side;
    if (pod === null || pod.host === null) return null;
    const { link, evidence } = pod.host;
    const made = makeHop(link, { ...onHost(view.node, "host-veth", link), evidence });
    // What comes out of the pod is limited by sending it round by such a device, whose name is the CNI's own.
    const hop = view.links.some(({ kind }) => kind === "ifb") ? { ...made, queued: true as const } : made;
    // Its program sends packets on before the host's side has seen them.
    return link.kind === "netkit" ? { ...hop, passedBy: DIRECTIONS } : hop;
  },
  bridge: (way) => {
    const { pod, view } = way.side;
    if (pod === null || pod.host === null || pod.bridge === null) return null;
    const evidence = [`ip -d link: ${pod.host.link.name} is a port of ${pod.bridge.name}`];
    return makeHop(pod.bridge, { ...onHost(view.node, "bridge", pod.bridge), evidence });
  },
  tunnel: (way) => {
    if (way.tunnel === null) return null;
    const { link, evidence } = way.tunnel;
    return makeHop(link, { ...onHost(way.side.view.node, "tunnel", link), evidence: [evidence] });
  },
  nic: (way) => {
    if (way.nic === null) return null;
    const { link, evidence } = way.nic;
    const hop = makeHop(link, { ...onHost(way.side.view.node, "nic", link), evidence: [evidence] });
    return { ...hop, encapsulation: way.encapsulation };
  },
};

/** What an interface of a node is, by its own word. */
export function roleOfLink({ kind }: Pick<Link, "kind">): HopRole {
  if (kind === null) return "nic";
  if (kind === "bridge") return "bridge";
  if (formatOfLink(kind) !== null) return "tunnel";
  return kind === "veth" || kind === "netkit" ? "host-veth" : "nic";
}

/** The hop in a pod's own namespace. */
export function podHop(at: {
  readonly end: End;
  readonly node: string;
  readonly link: Link;
  readonly evidence: readonly string[];
  readonly netns: NetnsRef;
}): LooseHop {
  const { end, node, link, evidence, netns } = at;
  const name = end.pod ?? addressAtPod(end);
  const id = safeId([node, "pod", name.replace("/", "_"), link.name]);
  const hop = makeHop(link, { id, node, role: "pod", netns, evidence });
  return {
    ...hop,
    ...(end.pod === null ? {} : { pod: end.pod }),
    ...(end.target === undefined ? {} : { target: end.target }),
  };
}

function makeHop(link: Link, hop: Pick<Hop, "id" | "node" | "role" | "netns" | "evidence">): LooseHop {
  const bare = { ...hop, interface: link.name, mtuBytes: link.mtuBytes, encapsulation: PLAIN };
  return isQueued(link) ? { ...bare, queued: true } : bare;
}

/** noqueue: the kernel sends at once (veth, bridges, tunnels, if nobody gave them another). */
function isQueued({ qdisc }: Link): boolean {
  return qdisc !== null && qdisc !== "noqueue" && qdisc !== "noop";
}

function onHost(node: string, role: HopRole, link: Link): Pick<Hop, "id" | "node" | "role" | "netns"> {
  return { id: safeId([node, role, link.name]), node, role, netns: HOST };
}

/** What captures take as an id has an end; long names of nodes and pods together go beyond it. */
const LONGEST_ID = 110;
const HASH_DIGITS = 12;

/** Safe as a file name; other characters stand by their code, so that two names never become one. */
export function safeId(parts: readonly string[]): string {
  const encode = (char: string): string => `~${char.charCodeAt(0).toString(16)}`;
  const id = parts.map((part) => part.replaceAll(/[^0-9A-Za-z._-]/g, encode)).join(".");
  if (id.length <= LONGEST_ID) return id;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, HASH_DIGITS);
  return `${id.slice(0, LONGEST_ID - HASH_DIGITS - 1).replace(/[._~-]+$/, "")}-${hash}`;
}

/** How the packets look at the NIC that they leave by. */
export function encapsulationOf(
  leaving: Leaving,
  { own, sealedBy }: { readonly own: Underlay; readonly sealedBy: Link | null },
): Encapsulation {
  const { tunnel } = leaving;
  const outer = ipVersion(tunnel?.remoteVtep ?? localEndOf(tunnel?.link ?? own.link) ?? own.ip);
  const seal = sealedFormatOfLink(sealedBy?.kind ?? tunnel?.link.kind ?? null);
  const worn = tunnel === null ? null : wornBy(tunnel.link, outer);
  if (seal === null) return worn ?? PLAIN;
  const wire = wireOf(worn);
  return {
    ...{ kind: seal.kind, outer },
    ...(wire === null ? {} : { withinBytes: wire.format.overheadBytes[outer] }),
  };
}

/** The way of packets out of the near node. */
export function leavingWay(
  side: Side,
  leaving: Leaving,
  here: { readonly encapsulation: Encapsulation; readonly outward: Direction },
): NodeWay {
  const { tunnel } = leaving;
  return {
    ...{ side, ...here },
    tunnel: tunnel === null ? null : { link: tunnel.link, evidence: leaving.tunnelEvidence },
    nic: leaving.isHidden ? null : { link: leaving.nic, evidence: leaving.nicEvidence },
  };
}

/** The way of packets that the other node sent so, into this one. */
export function arrivingWay(
  side: Side,
  sent: Leaving,
  here: {
    readonly own: Underlay;
    readonly nic: Link | null;
    readonly tunnels: readonly Link[];
    readonly encapsulation: Encapsulation;
    readonly outward: Direction;
    /** How this side's replies leave, where the recipe says that packets come in that way. */
    readonly back: Leaving | null;
  },
): NodeWay & { readonly notes: readonly string[] } {
  const { encapsulation, outward } = here;
  const base = { side, encapsulation, outward, nic: findArrival(side, sent, here) };
  const { tunnel } = sent;
  if (tunnel === null) return { ...base, tunnel: null, notes: [] };
  const network = wornBy(tunnel.link, 4);
  const alike = here.tunnels.filter(({ kind }) => kind === tunnel.link.kind);
  const twins = alike.filter((link) => {
    const other = wornBy(link, 4);
    return other?.vni === network?.vni && other?.port === network?.port;
  });
  // A CNI may have one for each family, alike but for the name.
  const twin = twins.find(({ name }) => name === tunnel.link.name) ?? twins[0];
  const link = twin ?? alike[0];
  if (link === undefined) {
    return { ...base, tunnel: null, notes: [`${side.view.node} has no tunnel device of this CNI`] };
  }
  const notes =
    twin === undefined
      ? [
          `${side.view.node}'s ${link.name} differs in identifier or port from the other node's ${tunnel.link.name}`,
        ]
      : [];
  return { ...base, tunnel: { link, evidence: `the device of the same kind, identifier and port` }, notes };
}

/** The device by which packets come in; null where none shows them. */
function findArrival(
  { pod, view }: Side,
  sent: Leaving,
  here: { readonly own: Underlay; readonly nic: Link | null; readonly back: Leaving | null },
): NodeWay["nic"] {
  const { own, nic, back } = here;
  if (pod?.isApart === true) {
    const evidence = `the pod's ${pod.link.name} is on top of it`;
    return pod.parent === null ? null : { link: pod.parent, evidence };
  }
  if (nic !== null) return { link: nic, evidence: "the profile's interfaces.underlay" };
  if (back !== null && sent.tunnel === null && back.tunnel === null) {
    return { link: back.nic, evidence: `replies leave by it: ${back.nicEvidence}` };
  }
  const evidence = `${own.link.name} has ${view.node}'s address ${own.ip}`;
  const port = findOutsidePort(view.links, own.link, pod?.bridge ?? null);
  if (port === null) return { link: own.link, evidence };
  return { link: port, evidence: `${evidence}, and its port to the outside is ${port.name}` };
}

/** The hop's devices are known by name only: a device that is down is worth a word. */
export function noteDownLinks(way: NodeWay): string[] {
  const { side } = way;
  const down = (link: Link | undefined, where: string): string[] =>
    link === undefined || link.up ? [] : [`${link.name} ${where} is down`];
  return [
    ...down(side.pod?.link, `in ${side.end.pod ?? "the pod"}`),
    ...down(side.pod?.host?.link, `on ${side.view.node}`),
    ...down(side.pod?.bridge ?? undefined, `on ${side.view.node}`),
    ...down(way.tunnel?.link, `on ${side.view.node}`),
    ...down(way.nic?.link, `on ${side.view.node}`),
  ];
}
