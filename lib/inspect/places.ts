import type { End } from "../model/cluster.js";
import type { FlowPath, Hop } from "../model/hops.js";
import type { InspectNetns } from "./command.js";
import { isNetnsPath } from "./values.js";
import { familyOf, isAddress } from "../linux/address.js";
import { isPlainInterfaceName } from "../linux/interface-name.js";

/** A network namespace of a path. */
export interface Place {
  readonly node: string;
  /** Name of the way in, where that is not the node's. */
  readonly target?: string;
  readonly netns: InspectNetns;
}

/** The nodes of a path that can be entered, in the request's order. */
export function nodesOf(path: FlowPath): string[] {
  const ends = [path.from.node, path.to.node].filter((node) => node !== null);
  const nodes = [...path.hops, ...(path.replyHops ?? [])].map((hop) => hop.node).concat(ends);
  return [...new Set(nodes)].filter((node) => path.unseen?.includes(node) !== true);
}

/** The end's own namespace; null for an address outside, or an end in the node's namespace. */
export function podPlace(end: End): Place | null {
  if (end.node === null || end.netns === null) return null;
  if (end.netns.kind === "own") return ownPlace(end, end.node);
  if (end.netns.kind !== "path" || end.hostNetwork) return null;
  if (!isNetnsPath(end.netns.path)) return null;
  return { node: end.node, netns: { pod: end.pod ?? end.ip, path: end.netns.path } };
}

function ownPlace(end: End, node: string): Place {
  const way = end.target === undefined ? {} : { target: end.target };
  return { node, ...way, netns: { pod: end.pod ?? end.ip, path: null } };
}

/** Hops of one node in its own namespace, in the request's order (the reply's own ones after them). */
function hostHopsOf(path: FlowPath, node: string): Hop[] {
  const hops = [...path.hops, ...(path.replyHops ?? [])];
  return hops.filter((hop) => hop.node === node && hop.role !== "pod" && isPlainInterfaceName(hop.interface));
}

/** Devices of one node that stand in its own namespace: hops, the tunnel, the underlay's NIC. */
export function hostDevicesOf(path: FlowPath, node: string): string[] {
  const named = [path.tunnels[node]?.interface, path.underlay[node]?.interface].filter(
    (name) => name !== undefined,
  );
  const all = [...hostHopsOf(path, node).map((hop) => hop.interface), ...named];
  return [...new Set(all)].filter(isPlainInterfaceName);
}

/** Whether packets of the path wait in a queue there. */
export function isQueuedAt(path: FlowPath, { node, netns }: Place): boolean {
  const isInPod = netns !== "host";
  return [...path.hops, ...(path.replyHops ?? [])].some(
    (hop) => hop.queued === true && hop.node === node && (hop.role === "pod") === isInPod,
  );
}

/** The addresses at which an end's packets are routed: a service's endpoints rather than its own address. */
export function routedAddresses(end: End): string[] {
  const ips = [...new Set(end.addresses.map((address) => address.ip).concat(end.ip))];
  const routed = end.kind === "service" && ips.length > 1 ? ips.filter((ip) => ip !== end.ip) : ips;
  return routed.filter(isAddress).slice(0, 4);
}

/** IP versions the path's packets wear, inside and outside a tunnel. */
export function familiesOf(path: FlowPath): (4 | 6)[] {
  const ips = [path.from.ip, path.to.ip, ...Object.values(path.underlay).map((underlay) => underlay.ip)];
  const families = new Set(ips.map(familyOf).filter((family) => family !== undefined));
  return families.size === 0 ? [4] : [...families].sort();
}

/**
 * The device by which a node's routing sees the packets of one end arrive. A bridge routes for its ports,
 * and a tunnel device for the NIC. null: they start on the node itself.
 */
export function arrivalDevice(path: FlowPath, node: string, end: End): string | null {
  const roles = end.node === node ? (["bridge", "host-veth"] as const) : (["tunnel", "nic"] as const);
  const hops = hostHopsOf(path, node);
  if (end.node === node && podPlace(end) === null) return null;
  for (const role of roles) {
    const own = hops.filter((hop) => hop.role === role);
    // Both ends on one node: the source's veth is the first, the other end's the last.
    const hop = end === path.from ? own[0] : own.at(-1);
    if (hop !== undefined) return hop.interface;
  }
  return null;
}
