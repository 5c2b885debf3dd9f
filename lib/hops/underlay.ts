import { HopbookError } from "../errors.js";
import type { ClusterProfile } from "../model/cluster.js";
import { formatOfLink, localEndOf, sealedFormatOfLink } from "../wire/registry.js";
import { bareLink, findLink, type Link } from "../linux/links.js";
import type { Looks } from "./looks.js";
import { lookUpRoute, type NodeView } from "./read-node.js";
import type { HopRecipe } from "./recipe.js";
import { canonicalIp, ipVersion, isLinkLocal, type Family } from "../linux/address.js";

/** The tunnel device of the recipe's CNI on a node, if there is one; of a tunnel without a device what one would say. */
export function findTunnels(links: readonly Link[], recipe: HopRecipe): Link[] {
  const { tunnel } = recipe;
  if (tunnel === undefined) return [];
  const { kind, names, namePrefixes, port } = tunnel;
  if (kind !== undefined && port !== undefined)
    return [{ ...bareLink(kind), kind, data: { external: true, port } }];
  const isAny = names === undefined && namePrefixes === undefined;
  return links.filter(
    ({ kind: own, name }) =>
      (kind === undefined ? isTunnel(own) : own === kind) &&
      (isAny ||
        names?.includes(name) === true ||
        namePrefixes?.some((prefix) => name.startsWith(prefix)) === true),
  );
}

export function isTunnel(kind: string | null): boolean {
  return formatOfLink(kind) !== null || sealedFormatOfLink(kind) !== null;
}

/** Of a CNI's tunnels those that take packets of a family: it may have one for each, and then they have addresses of it. */
export function carryFamily(tunnels: readonly Link[], family: Family): Link[] {
  return tunnels.filter(({ addresses }) => {
    const own = addresses.filter((ip) => !isLinkLocal(ip));
    return own.length === 0 || own.some((ip) => ipVersion(ip) === family);
  });
}

export interface Underlay {
  readonly ip: string;
  /** The device that has the address. */
  readonly link: Link;
}

/**
 * A node's own address between the nodes: of the interface that the profile names, the local address of the tunnel that
 * takes packets of `family`, the profile's address, or that of the default route's device; always one the node really has,
 * and of that family where the packets may go without a tunnel. Throws HOP_UNRESOLVED.
 */
export function findUnderlay(view: NodeView, { recipe, profile, family }: UnderlayQuestion): Underlay {
  const named = underlayOverride(view, profile);
  const target = profile.nodes.find((node) => node.name === view.node);
  const tunnels = carryFamily(findTunnels(view.links, recipe), family);
  const localEnds = tunnels.map((link) => canonicalIp(localEndOf(link) ?? ""));
  // Of tunnels that nobody names, some may be left over from another network.
  const isNamed = recipe.tunnel?.kind !== undefined;
  const own = canonicalIp(target?.address ?? "");
  const plain = [own, ...besides(view, own), ...defaultAddresses(view)];
  const candidates = [
    ...sortByFamily(named === null ? [] : named.addresses, family),
    ...(isNamed ? localEnds : []),
    ...sortByFamily(plain, family),
    ...localEnds,
  ];
  for (const ip of candidates) {
    const link = findHolder(view, ip);
    if (ip !== undefined && link !== undefined && !isLinkLocal(ip)) return { ip, link };
  }
  throw new HopbookError(
    "HOP_UNRESOLVED",
    `Cannot tell ${view.node}'s address between the nodes: it has no default route`,
    {
      where: { node: view.node },
      hint: "write the node's address, or interfaces.underlay, into the cluster profile",
    },
  );
}

interface UnderlayQuestion {
  readonly recipe: HopRecipe;
  readonly profile: ClusterProfile;
  /** Of the packets between the pods. */
  readonly family: Family;
}

function findHolder({ links }: NodeView, ip: string | undefined): Link | undefined {
  return ip === undefined ? undefined : links.find(({ addresses }) => addresses.includes(ip));
}

/** What the device that has an address has besides: a node's other family. */
function besides(view: NodeView, ip: string | undefined): readonly string[] {
  return findHolder(view, ip)?.addresses ?? [];
}

function defaultAddresses({ links, routes }: NodeView): readonly string[] {
  const devices = routes.filter(({ dst }) => dst === "default").flatMap(({ nexthops }) => nexthops);
  return devices.flatMap(({ dev }) => findLink(links, dev)?.addresses ?? []);
}

function sortByFamily<T extends string | undefined>(ips: readonly T[], family: Family): readonly T[] {
  const isOther = (ip: T): number => Number(ip === undefined || ipVersion(ip) !== family);
  return ips.toSorted((a, b) => isOther(a) - isOther(b));
}

/** The address that a node puts in the place of a pod's (masquerade); null where it has none of that family. */
export function masqueradeIp({ ip, link }: Underlay, nic: Link, family: Family): string | null {
  const candidates = [ip, ...nic.addresses, ...link.addresses];
  return candidates.find((each) => ipVersion(each) === family && !isLinkLocal(each)) ?? null;
}

/** Kinds of devices by which a switch is plugged in; null is hardware. */
const OUTSIDE_KINDS: readonly (string | null)[] = [null, "bond", "team", "vlan"];

/**
 * Of a device that is a switch itself, the one port to the outside: of Open vSwitch's bridges, whose own device has the
 * port's MAC, and of a pod's own bridge. null where there is none, or not one alone.
 */
export function findOutsidePort(links: readonly Link[], device: Link, podBridge: Link | null): Link | null {
  const isSwitch = device.kind === "openvswitch";
  if (!isSwitch && device.name !== podBridge?.name) return null;
  const ports = links.filter(
    ({ kind, master, mac, name }) =>
      name !== device.name &&
      OUTSIDE_KINDS.includes(kind) &&
      (isSwitch ? master === SWITCH_MASTER && mac === device.mac : master === device.name),
  );
  const [port] = ports;
  return port === undefined || ports.length > 1 ? null : port;
}

/** Whatever their bridge, ports of the kernel's datapath have this device of Open vSwitch's as their master. */
const SWITCH_MASTER = "ovs-system";

/** The interface that the profile names, which has to be there. */
export function underlayOverride(view: NodeView, profile: ClusterProfile): Link | null {
  const { underlay } = profile.interfaces;
  if (underlay === undefined) return null;
  const link = findLink(view.links, underlay);
  if (link !== undefined) return link;
  throw new HopbookError(
    "HOP_UNRESOLVED",
    `Cannot use interfaces.underlay: ${view.node} has no ${underlay}`,
    {
      where: { node: view.node },
      hint: "correct interfaces.underlay in the cluster profile, or leave it out",
      detail: `interfaces there: ${view.links.map((candidate) => candidate.name).join(", ")}`,
    },
  );
}

/** The device towards a peer's underlay address, and how it is known. */
export async function findNic(
  view: NodeView,
  peerIp: string,
  options: {
    readonly own: Underlay;
    readonly profile: ClusterProfile;
    readonly looks: Looks;
  },
): Promise<{ readonly link: Link; readonly evidence: string; readonly notes: readonly string[] }> {
  const override = underlayOverride(view, options.profile);
  if (override !== null) return { link: override, evidence: "the profile's interfaces.underlay", notes: [] };
  const evidence = `${options.own.link.name} has ${view.node}'s address ${options.own.ip}`;
  // Its route would lead back to itself: two nodes with one address, or a tunnel that ends where it begins.
  if (findHolder(view, canonicalIp(peerIp)) !== undefined)
    return {
      link: options.own.link,
      evidence,
      notes: [`${view.node} has the other end's address ${peerIp} itself`],
    };
  const route = await lookUpRoute(options.looks, { dst: peerIp });
  const link = findLink(view.links, route.found?.dev ?? null);
  if (link !== undefined) return { link, evidence: `ip route get ${peerIp}: dev ${link.name}`, notes: [] };
  const why = route.error ?? "its device is not there";
  return {
    link: options.own.link,
    evidence,
    notes: [`${view.node} has no route to ${peerIp}: ${why}`],
  };
}
