import { HopbookError } from "../errors.js";
import type { End, NetnsRef } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { findHostSide, isPaired, type HostInterface } from "./host-interface.js";
import { findLink, type Link } from "../linux/links.js";
import type { Looks } from "./looks.js";
import { lookIntoPod, lookUpRoute, readLinks, type NodeView, type RouteLookup } from "./read-node.js";
import type { HopRecipe } from "./recipe.js";

/** A pod's own interface and the host's end of it. */
interface PodSide {
  readonly link: Link;
  /** null for interfaces without one (macvlan, ipvlan, a device of the machine's own), and where none is found. */
  readonly host: HostInterface | null;
  /** Of those, the host's device that their packets pass; null where there is none. */
  readonly parent: Link | null;
  /** Its packets pass nothing of the host's own network. */
  readonly isApart: boolean;
  /** The bridge that the host's end is a port of; null where the host routes to the pod itself. */
  readonly bridge: Link | null;
  readonly evidence: readonly string[];
}

/** One end of the flow on its node. */
export interface Side {
  readonly end: End;
  readonly view: NodeView;
  /** null for the node itself, for pods in its network namespace, and for what could not be looked into. */
  readonly pod: PodSide | null;
  readonly notes: readonly string[];
}

/** Whether it is the node itself that sends and receives: a pod that could not be looked into has none of its own either. */
export function isNode({ end }: Pick<Side, "end">): boolean {
  return end.hostNetwork;
}

/** What is read of a pod before anything about the path is known. */
export interface PodReading {
  readonly links: readonly Link[];
  /** The pod's route to the other end. */
  readonly outward: RouteLookup;
  /** The host's route to the pod. */
  readonly inward: RouteLookup;
}

/** Whether an end has a network namespace of its own that is read. */
export function hasOwnNetns(end: End): end is End & { readonly netns: NetnsRef } {
  return end.netns !== null && end.netns.kind !== "host";
}

/** Reads a pod's network namespace, and the host's route to it; null for ends in the host's own namespace. */
export async function readPod(
  end: End,
  host: Promise<{ readonly looks: Looks }>,
  { access, peerIp, signal }: PodQuestion,
): Promise<PodReading | null> {
  if (!hasOwnNetns(end)) return null;
  const pod = lookIntoPod({ access, netns: end.netns, signal }, peerIp);
  const [links, outward, inward] = await Promise.all([
    pod.then(readLinks),
    pod.then((looks) => lookUpRoute(looks, { dst: peerIp })),
    host.then(({ looks }) => lookUpRoute(looks, { dst: addressAtPod(end) })),
  ]);
  return { links, outward, inward };
}

interface PodQuestion {
  readonly access: GuardedAccess;
  readonly peerIp: string;
  readonly signal?: AbortSignal | undefined;
}

/** The address that packets of this end have at its pod: for a service the endpoint's. */
export function addressAtPod(end: End): string {
  return end.kind === "service" ? (end.addresses[1]?.ip ?? end.ip) : end.ip;
}

/** Puts together what was read of an end. Throws HOP_UNRESOLVED. */
export function makeSide(
  end: End,
  view: NodeView,
  options: { readonly reading: PodReading | null; readonly recipe: HopRecipe },
): Side {
  const { reading, recipe } = options;
  if (reading === null) return { end, view, pod: null, notes: [] };
  const notes: string[] = [];
  const { link, evidence } = choosePodLink(end, view, reading);
  const input = { end, node: view.node, hostLinks: view.links, podLink: link, route: reading.inward };
  const { host, parent, isApart, notes: doubts } = findHostSide(input, recipe);
  notes.push(...doubts);
  const name = end.pod ?? end.ip;
  notes.push(...noteIsolation(end));
  if (reading.outward.found === null && end.isolation !== "user-kernel") {
    notes.push(`${name} has no route to the other end: ${reading.outward.error}`);
  }
  const bridge = host === null ? null : findBridge(host.link, view);
  // Behind Open vSwitch or eBPF the host's own network knows pods as being behind one device for all.
  const { entry = [] } = recipe.hostInterface;
  const isBehindOne = entry.some((name) => findLink(view.links, name) !== undefined);
  if (host !== null && !isBehindOne)
    notes.push(...checkInward({ end, view, reading, podLink: link, host: bridge ?? host.link }));
  return { end, view, pod: { link, host, parent, isApart, bridge, evidence }, notes };
}

/** What is made or looked at in such a pod's network namespace is not what the pod itself does there. */
function noteIsolation({ pod, isolation }: End): string[] {
  if (isolation === undefined) return [];
  const where = {
    vm: "in a virtual machine (Kata): its network namespace passes packets on to it",
    "user-kernel":
      "on a kernel of their own in user space (gVisor), which takes packets from its network namespace",
  }[isolation];
  return [
    `${pod ?? "The pod"}'s processes are ${where}; probes from there come to no answer, and its sockets are not to be seen`,
  ];
}

/** A VRF or a bond is a master too, and no hop. */
function findBridge(host: Link, view: NodeView): Link | null {
  const master = findLink(view.links, host.master);
  return master?.kind === "bridge" ? master : null;
}

/** The interface by which a pod sends to the other end. Throws HOP_UNRESOLVED. */
export function choosePodLink(
  end: End,
  view: Pick<NodeView, "node">,
  reading: Pick<PodReading, "links" | "outward">,
): { readonly link: Link; readonly evidence: readonly string[] } {
  const byRoute = findLink(reading.links, reading.outward.found?.dev ?? null);
  if (byRoute !== undefined && byRoute.name !== "lo") {
    return { link: byRoute, evidence: [`ip route get in the pod: dev ${byRoute.name}`] };
  }
  const ip = addressAtPod(end);
  const byAddress = reading.links.find((link) => link.addresses.includes(ip));
  if (byAddress !== undefined)
    return { link: byAddress, evidence: [`${byAddress.name} has the address ${ip}`] };
  // Such a kernel takes the addresses away from the device.
  const [only, ...more] = end.isolation === undefined ? [] : reading.links.filter(isPaired);
  if (only !== undefined && more.length === 0)
    return { link: only, evidence: [`${only.name} is the pod's only device with an end on the host`] };
  throw new HopbookError("HOP_UNRESOLVED", `Cannot find the interface of ${end.pod ?? ip}: none has ${ip}`, {
    where: { node: view.node },
    hint: "check the pod's interfaces and whether it is still running",
    detail: `interfaces in the pod: ${reading.links.map((link) => link.name).join(", ") || "none"}`,
  });
}

/** The host's way to the pod: its route and its neighbour entry against what the pod says of itself. */
function checkInward(input: {
  readonly end: End;
  readonly view: NodeView;
  readonly reading: PodReading;
  readonly podLink: Link;
  /** Where the host's routing ends: the bridge of the pod, else the host's end of its interface. */
  readonly host: Link;
}): string[] {
  const { view, reading, podLink, host } = input;
  const ip = addressAtPod(input.end);
  const name = input.end.pod ?? ip;
  const notes: string[] = [];
  if (reading.inward.found === null)
    notes.push(`${view.node} has no route to ${name} (${ip}): ${reading.inward.error}`);
  else if (reading.inward.found.dev !== host.name) {
    notes.push(
      `${view.node} routes ${name} (${ip}) to ${reading.inward.found.dev}, its ${host.kind === "bridge" ? "bridge" : "host side"} is ${host.name}`,
    );
  }
  const entry = view.neighbours.find((neighbour) => neighbour.ip === ip && neighbour.dev === host.name);
  if (entry?.mac != null && podLink.mac !== null && entry.mac !== podLink.mac.toLowerCase()) {
    notes.push(
      `${view.node}'s neighbour entry for ${ip} on ${host.name} is ${entry.mac}; ${name}'s ${podLink.name} has ${podLink.mac}`,
    );
  }
  return notes;
}
