import { isUnsent, type VerdictStatus, type HopRef } from "../model/findings.js";
import type { End } from "../model/cluster.js";
import type { FlowPath } from "../model/hops.js";
import type { InspectCommand, Look, PlacedLook } from "./command.js";
import { toCommands } from "./command.js";
import * as looks from "./looks.js";
import {
  arrivalDevice,
  familiesOf,
  hostDevicesOf,
  isQueuedAt,
  nodesOf,
  podPlace,
  routedAddresses,
} from "./places.js";
import type { Place } from "./places.js";
import { familyOf, isAddress } from "../linux/address.js";
import { isPlainInterfaceName } from "../linux/interface-name.js";

/** Where a flow breaks, as its verdict says. */
export interface FlowBreak {
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: HopRef | null;
  readonly firstMissing: HopRef | null;
}

/** Before any traffic: only what is needed to tell growth, on every node of the paths and in both pods. */
export function planBaseline(paths: readonly FlowPath[]): InspectCommand[] {
  const placed = paths.flatMap((path) => {
    const places: Place[] = nodesOf(path).map((node) => ({ node, netns: "host" }));
    return [...places, ...podPlaces(path)].flatMap((place) => put(place, countersAt(path, place)));
  });
  return toCommands(placed, "before");
}

/**
 * After the traffic: counters again at the break, and the state around it. A delivered flow needs none, nor one of which
 * nothing is known; where nothing even left the sender, its own is read.
 * Both nodes' next hops are read even where the break is on one of them: a wrong entry on the near node shows
 * as a loss on the far one.
 */
export function planInspection(path: FlowPath, at: FlowBreak): InspectCommand[] {
  if (at.status === "delivered" || (at.status === "inconclusive" && !isUnsent(at))) return [];
  const broken = new Set([at.lastSeen?.node, at.firstMissing?.node].filter((node) => node !== undefined));
  const ofPath = nodesOf(path);
  const nodes = ofPath.filter((node) => broken.size === 0 || broken.has(node));
  const placed = nodes.flatMap((node) => inspectNode(path, node));
  for (const node of ofPath.filter((other) => !nodes.includes(other))) {
    const here = [looks.lookAtLinks(), ...nextHopLooks(path, node), ...switchLooks(path)];
    placed.push(...put({ node, netns: "host" }, here));
  }
  for (const end of endsAtBreak(path, at)) placed.push(...inspectPod(path, end));
  if (path.from.node !== null && nodes.includes(path.from.node)) placed.push(...inspectSwitch(path));
  return toCommands(placed, "after");
}

/** All that `planInspection` could ask for, for a plan that is shown before the break is known. */
export function planSuperset(path: FlowPath): InspectCommand[] {
  const nodes = nodesOf(path).flatMap((node) => inspectNode(path, node));
  const pods = [path.from, path.to].flatMap((end) => inspectPod(path, end));
  return toCommands([...nodes, ...pods], "after");
}

/**
 * What an audit judges a path by, with no traffic: all that a break would have read of its nodes and pods, and what tells whether
 * they forward, and whether packets of the tunnel are let in.
 */
export function planAudit(path: FlowPath): InspectCommand[] {
  const families = familiesOf(path);
  const nodes = nodesOf(path).flatMap((node) => [
    ...inspectNode(path, node),
    ...put({ node, netns: "host" }, [
      looks.lookAtSysctls(hostDevicesOf(path, node)),
      looks.lookAtSets(),
      ...balancerLooks(path, node),
      ...offloadLooks(path, node),
      ...agentLooks(path, node),
      ...(Object.keys(path.underlay).length > 1 ? [looks.lookAtMachine()] : []),
      ...connectionLooks(path, node),
      ...arrivalLooks(path, node),
    ]),
  ]);
  const pods = [path.from, path.to].flatMap((end) => {
    const place = podPlace(end);
    const routes = families.map((family) => looks.lookAtRoutes(family));
    return place === null ? [] : [...inspectPod(path, end), ...put(place, routes)];
  });
  return toCommands([...nodes, ...pods], "after");
}

/** Where programs take packets past the node's own tables. */
function agentLooks(path: FlowPath, node: string): Look[] {
  const own = [path.from, path.to].filter((end) => end.node === node && podPlace(end) !== null);
  const ips = own.flatMap(routedAddresses);
  return isPassedBy(path) && ips.length > 0 ? [looks.lookAtAgentPolicy(ips)] : [];
}

function isPassedBy({ hops, replyHops }: FlowPath): boolean {
  return [...hops, ...(replyHops ?? [])].some(({ passedBy }) => passedBy !== undefined);
}

function offloadLooks({ tunnels, underlay }: FlowPath, node: string): Look[] {
  const [tunnel, nic] = [tunnels[node]?.interface ?? "", underlay[node]?.interface ?? ""];
  return isPlainInterfaceName(tunnel) && isPlainInterfaceName(nic) ? looks.lookAtOffloads(tunnel, nic) : [];
}

/** Where packets to a Service, or to a node's port of one, may be led on by the kernel's load balancer. */
function balancerLooks({ from, to }: FlowPath, node: string): Look[] {
  return to.kind === "pod" || (from.node !== node && to.node !== node) ? [] : [looks.lookAtBalancer()];
}

/** Where packets to a Service are translated on the sender's own node: UDP's connections outlive their backends. */
function connectionLooks({ from, to }: FlowPath, node: string): Look[] {
  const isThere = to.kind === "service" && from.node === node && isAddress(to.ip);
  return isThere ? [looks.lookAtConnections("udp", to.ip)] : [];
}

/** How packets from the other nodes, as the wire brings them, are taken in. */
function arrivalLooks(path: FlowPath, node: string): Look[] {
  const own = path.underlay[node];
  if (own === undefined || !isAddress(own.ip) || !isPlainInterfaceName(own.interface)) return [];
  return Object.entries(path.underlay).flatMap(([peer, { ip }]) =>
    peer === node || !isAddress(ip) ? [] : [looks.lookUpRoute(own.ip, { from: ip, iif: own.interface })],
  );
}

function endsAtBreak(path: FlowPath, at: FlowBreak): End[] {
  if (at.status !== "lost" && at.status !== "inconclusive") return [path.to];
  const roles = [at.lastSeen?.role, at.firstMissing?.role];
  if (at.lastSeen !== null && !roles.includes("pod")) return [];
  return [path.from, path.to].filter((end) => end.node === (at.firstMissing ?? at.lastSeen)?.node);
}

function countersOf(path: FlowPath): Look[] {
  return [
    looks.lookAtNstat(),
    looks.lookAtSnmp(),
    looks.lookAtLinks(),
    ...familiesOf(path).flatMap(looks.lookAtIptables),
    looks.lookAtNftables(),
  ];
}

/** Of the node's own devices and programs, or the pod's devices, with their queues where there are any. */
function countersAt(path: FlowPath, place: Place): Look[] {
  const queues = isQueuedAt(path, place) ? [looks.lookAtQueues()] : [];
  const drops = place.netns === "host" && isPassedBy(path) ? [looks.lookAtAgentDrops()] : [];
  return [...countersOf(path), ...queues, ...drops];
}

function inspectNode(path: FlowPath, node: string): PlacedLook[] {
  const families = familiesOf(path);
  const place = { node, netns: "host" } as const;
  return put(place, [
    ...countersAt(path, place),
    looks.lookAtAddresses(),
    ...families.flatMap((family) => [looks.lookAtRoutes(family), looks.lookAtRules(family)]),
    ...routeLooks(path, node),
    ...tunnelLooks(path, node),
    ...hostDevicesOf(path, node).map(looks.lookAtNeighbours),
    looks.lookAtRpFilter(hostDevicesOf(path, node)),
    looks.lookAtSockets(),
    ...switchLooks(path),
    ...bridgedLooks(path, node),
  ]);
}

/** Answers of a Service's pod on the client's own node are translated only where its bridge asks the node's rules. */
function bridgedLooks(path: FlowPath, node: string): Look[] {
  const isOneNode = path.from.node === node && path.to.node === node;
  return isOneNode && path.to.addresses.length > 1 ? [looks.lookAtSysctls(hostDevicesOf(path, node))] : [];
}

/** Names as the switch's databases have them, of Kubernetes' characters. */
const PORT_NAME = /^[0-9A-Za-z][0-9A-Za-z_.-]{0,318}$/;

/** Of each protocol that the path may be tried with: any node may have the databases. */
function switchLooks(path: FlowPath): Look[] {
  const other = path.switched?.to ?? "";
  const to = PORT_NAME.test(other) ? other : "";
  return switchedPackets(path).map(([protocol, packet]) => looks.lookAtSwitch(protocol, { ...packet, to }));
}

function switchedPackets({ switched, from, to }: FlowPath) {
  const [source] = routedAddresses(from);
  const [target] = routedAddresses(to);
  if (switched?.from == null || !PORT_NAME.test(switched.from)) return [];
  if (source === undefined || target === undefined) return [];
  const port = to.addresses.at(-1)?.port ?? to.port;
  const packet = { from: switched.from, source, target, port: port ?? 0 };
  const echo = familyOf(target) === 6 ? "icmpv6" : "icmp";
  const protocols = [echo, ...(port === null ? [] : (["tcp", "udp"] as const))] as const;
  return protocols.map((protocol) => [protocol, packet] as const);
}

function inspectPod(path: FlowPath, end: End): PlacedLook[] {
  const place = podPlace(end);
  if (place === null) return [];
  const other = end === path.from ? path.to : path.from;
  const devices = path.hops
    .filter((hop) => hop.role === "pod" && hop.node === place.node && isPlainInterfaceName(hop.interface))
    .map((hop) => hop.interface);
  return put(place, [
    ...countersAt(path, place),
    looks.lookAtAddresses(),
    ...routedAddresses(other).map((ip) => looks.lookUpRoute(ip)),
    ...[...new Set(devices)].map(looks.lookAtNeighbours),
    looks.lookAtRpFilter([...new Set(devices)]),
    looks.lookAtSockets(),
    ...(end === path.from ? flowLooks(path) : []),
  ]);
}

/** What the sender's own switch does with its packets, which is asked in the pod's network namespace. */
function inspectSwitch(path: FlowPath): PlacedLook[] {
  const place = podPlace(path.from);
  return place === null ? [] : put(place, flowLooks(path));
}

function flowLooks(path: FlowPath): Look[] {
  return switchedPackets(path).map(([protocol, packet]) => looks.lookAtFlows(protocol, packet));
}

/** Forwards, backwards, and the plain way back that a reverse path filter would take. */
function routeLooks(path: FlowPath, node: string): Look[] {
  const found: Look[] = [];
  for (const [source, target] of [
    [path.from, path.to],
    [path.to, path.from],
  ] as const) {
    const from = routedAddresses(source)[0];
    const iif = arrivalDevice(path, node, source);
    for (const to of routedAddresses(target)) {
      found.push(looks.lookUpRoute(to));
      if (from !== undefined && iif !== null) found.push(looks.lookUpRoute(to, { from, iif }));
    }
  }
  const vtep = path.tunnels[node]?.remoteVtep;
  if (typeof vtep === "string" && isAddress(vtep)) found.push(looks.lookUpRoute(vtep));
  for (const [peer, underlay] of Object.entries(path.underlay)) {
    if (peer !== node && isAddress(underlay.ip)) found.push(looks.lookUpRoute(underlay.ip));
  }
  return found;
}

function tunnelLooks(path: FlowPath, node: string): Look[] {
  const device = path.tunnels[node]?.interface;
  if (device === undefined || !isPlainInterfaceName(device)) return [];
  return [looks.lookAtNeighbours(device), looks.lookAtFdb(device)];
}

/** What its packets are sent to: in the tunnel, else by the NIC. */
function nextHopLooks(path: FlowPath, node: string): Look[] {
  if (path.tunnels[node] !== undefined) return tunnelLooks(path, node);
  const device = path.underlay[node]?.interface;
  if (device === undefined || !isPlainInterfaceName(device)) return [];
  return [looks.lookAtNeighbours(device)];
}

function podPlaces(path: FlowPath): Place[] {
  return [podPlace(path.from), podPlace(path.to)].filter((place) => place !== null);
}

function put(place: Place, looksHere: readonly Look[]): PlacedLook[] {
  return looksHere.map((look) => ({ ...place, ...look }));
}
