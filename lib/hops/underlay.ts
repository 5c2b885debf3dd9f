import { HopbookError } from "../errors.js";
import type { ClusterProfile } from "../model/cluster.js";
import { formatOfLink, localEndOf, sealedFormatOfLink } from "../wire/registry.js";
import { findLink, type Link } from "../linux/links.js";
import type { Looks } from "./looks.js";
import { lookUpRoute, type NodeView } from "./read-node.js";
import type { HopRecipe } from "./recipe.js";
import { canonicalIp } from "../linux/address.js";

/** The tunnel device of the recipe's CNI on a node, if there is one. */
export function findTunnels(links: readonly Link[], recipe: HopRecipe): Link[] {
  const { tunnel } = recipe;
  if (tunnel === undefined) return [];
  const { kind, names, namePrefixes } = tunnel;
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

export interface Underlay {
  readonly ip: string;
  /** The device that has the address. */
  readonly link: Link;
}

/**
 * A node's own address between the nodes: of the interface that the profile names, the tunnel's local
 * address, the profile's address, or that of the default route's device; always one the node really has.
 * Throws HOP_UNRESOLVED.
 */
export function findUnderlay(view: NodeView, recipe: HopRecipe, profile: ClusterProfile): Underlay {
  const named = underlayOverride(view, profile);
  const target = profile.nodes.find((node) => node.name === view.node);
  const defaultRoute = view.routes.find((route) => route.dst === "default");
  const localEnds = findTunnels(view.links, recipe).map((link) => canonicalIp(localEndOf(link) ?? ""));
  // Of tunnels that nobody names, some may be left over from another network.
  const isNamed = recipe.tunnel?.kind !== undefined;
  const candidates = [
    ...(named === null ? [] : named.addresses),
    ...(isNamed ? localEnds : []),
    canonicalIp(target?.address ?? ""),
    ...(findLink(view.links, defaultRoute?.dev ?? null)?.addresses ?? []),
    ...localEnds,
  ];
  for (const ip of candidates) {
    const link = view.links.find((candidate) => ip != null && candidate.addresses.includes(ip));
    if (ip != null && link !== undefined && !ip.startsWith("fe80:")) return { ip, link };
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
  const route = await lookUpRoute(options.looks, { dst: peerIp });
  const link = findLink(view.links, route.found?.dev ?? null);
  if (link !== undefined) return { link, evidence: `ip route get ${peerIp}: dev ${link.name}`, notes: [] };
  const why = route.error ?? "its device is not there";
  return {
    link: options.own.link,
    evidence: `${options.own.link.name} has ${view.node}'s address ${options.own.ip}`,
    notes: [`${view.node} has no route to ${peerIp}: ${why}`],
  };
}
