import type { ClusterProfile, End } from "../model/cluster.js";
import type { Encapsulation, FlowPath, Hop } from "../model/hops.js";
import {
  arrivingWay,
  encapsulationOf,
  leavingWay,
  makeHops,
  noteDownLinks,
  PLAIN,
  type LooseHop,
  type NodeWay,
} from "./hop.js";
import { isSamePod } from "./ends.js";
import { findLeaving, type Leaving } from "./leave.js";
import { findLink } from "../linux/links.js";
import { fitsLink } from "./link-look.js";
import { Looks } from "./looks.js";
import { lookUpRoute } from "./read-node.js";
import type { HopRecipe } from "./recipe.js";
import { addressAtPod, isNode, type Side } from "./side.js";
import { findTunnels, findUnderlay, masqueradeIp, underlayOverride, type Underlay } from "./underlay.js";
import { ipVersion, isLinkLocal } from "../linux/address.js";

/** A path without what its ends and recipe say. */
export type TracedPath = Pick<FlowPath, "hops" | "replyHops" | "underlay" | "tunnels" | "notes"> & {
  /** Addresses that the ends have in packets besides their own: a node's tunnel address. */
  readonly fromSource: string | null;
  /** Of one end alone: where its node sends packets for the other one: its tunnel's far end, or the next hop. */
  readonly towards: string | null;
};

export interface TraceContext {
  readonly recipe: HopRecipe;
  readonly profile: ClusterProfile;
  readonly signal?: AbortSignal | undefined;
}

/** Both ends on one node: the packet never leaves it. */
export async function traceWithinNode(from: Side, to: Side, context: TraceContext): Promise<TracedPath> {
  const { recipe, signal } = context;
  const roles = recipe.path.local;
  const near: NodeWay = { side: from, tunnel: null, nic: null, encapsulation: PLAIN, outward: "request" };
  const far: NodeWay = { side: to, tunnel: null, nic: null, encapsulation: PLAIN, outward: "reply" };
  const out = makeHops(near, roles, recipe.sees);
  // What comes back to its own pod passes the places that it left by once more: one capture shows both.
  const isHairpin = isSamePod(from.end, to.end);
  const hops = isHairpin ? out : [...out, ...makeHops(far, roles, recipe.sees).reverse()];
  const { access } = from.view;
  const host = new Looks({ access, netns: { kind: "host" }, signal });
  const lookup = isNode(from) ? await lookUpRoute(host, { dst: addressAtPod(to.end) }) : null;
  const link = findLink(from.view.links, lookup?.found?.dev ?? null);
  // From the node to itself there is only the device that the kernel names.
  if (hops.length === 0 && link !== undefined) {
    const nic = { link, evidence: `ip route get ${addressAtPod(to.end)}: dev ${link.name}` };
    hops.push(...makeHops({ ...near, nic }, ["nic"]));
  }
  return {
    hops: number(hops),
    replyHops: null,
    underlay: {},
    tunnels: {},
    notes: [...noteDownLinks(near), ...noteDownLinks(far)],
    fromSource: lookup?.found?.source ?? null,
    towards: null,
  };
}

/** Two nodes: out of one by its tunnel or NIC, into the other; and the reply by the other node's own word. */
export async function traceBetweenNodes(from: Side, to: Side, context: TraceContext): Promise<TracedPath> {
  const { recipe, profile, signal } = context;
  const family = ipVersion(addressAtPod(to.end));
  const near = findUnderlay(from.view, { recipe, profile, family });
  const far = findUnderlay(to.view, { recipe, profile, family });
  const leave = (
    side: Side,
    dst: string,
    ends: { own: Underlay; other: Underlay; otherSide: Side },
  ): Promise<Leaving> => {
    const { node, links } = ends.otherSide.view;
    const peer = { node, links, underlay: ends.other };
    return findLeaving(side, { dst, own: ends.own, far: peer, recipe, profile, signal });
  };
  const goOut = leave(from, addressAtPod(to.end), { own: near, other: far, otherSide: to });
  // Replies to a node go to the address that it sends by.
  const source = isNode(from) ? (await goOut).source : null;
  const [out, back] = await Promise.all([
    goOut,
    leave(to, source ?? addressAtPod(from.end), { own: far, other: near, otherSide: from }),
  ]);
  const request = joinWays(
    { side: from, own: near, leaving: out },
    { side: to, own: far, leaving: back },
    { ...context, outward: "request" },
  );
  const reply = joinWays(
    { side: to, own: far, leaving: back },
    { side: from, own: near, leaving: out },
    { ...context, outward: "reply" },
  );
  const same = sameHops(request.hops, [...reply.hops].reverse());
  const notes = [...out.notes, ...back.notes, ...request.notes, ...reply.notes];
  // From a pod to a node the sender's node usually masquerades (Calico's natOutgoing), and then replies come back
  // through the request's hops, whatever the route to the pod's own address says.
  const masquerades = !isNode(from) && isNode(to);
  if (masquerades && !same) {
    notes.push(
      `where ${from.view.node} does not masquerade, replies come back another way, through ${back.nic.name}`,
    );
  }
  return {
    hops: number(request.hops),
    replyHops: same || masquerades ? null : number(reply.hops),
    underlay: {
      [from.view.node]: { ip: near.ip, interface: out.nic.name },
      [to.view.node]: { ip: far.ip, interface: back.nic.name },
    },
    tunnels: { ...describeTunnel(from, out), ...describeTunnel(to, back) },
    notes: same || masquerades ? notes : [...notes, "replies come back another way than requests go"],
    fromSource: masquerades ? masqueradeIp(near, out.nic, family) : source,
    towards: null,
  };
}

/**
 * One end whose node can be seen: the hops to its node's NIC. `outward`: the packet goes away from it. `inside`: the other
 * end is a pod, so that nothing masquerades.
 */
export async function traceToOutside(
  side: Side,
  outside: End,
  context: TraceContext & { readonly outward: boolean; readonly inside?: boolean },
): Promise<TracedPath> {
  const { recipe, profile, signal } = context;
  const family = ipVersion(addressAtPod(outside));
  const own = findUnderlay(side.view, { recipe, profile, family });
  const leaving = await findLeaving(side, {
    dst: addressAtPod(outside),
    own,
    far: null,
    recipe,
    profile,
    signal,
  });
  const isInside = context.inside === true || outside.node !== null;
  const encapsulation = isInside
    ? wornAt(side, leaving, { own, recipe })
    : encapsulationOf(leaving, { own, sealedBy: null });
  const way = leavingWay(side, leaving, { encapsulation, outward: context.outward ? "request" : "reply" });
  const roles = isInside ? recipe.path.leaving : (recipe.path.outside ?? recipe.path.leaving);
  const hops = makeHops(way, roles, recipe.sees);
  const { node } = side.view;
  const masquerade =
    isNode(side) || !context.outward || context.inside === true
      ? []
      : [`outside the cluster the packets may have ${node}'s address (masquerade)`];
  return {
    hops: number(context.outward ? hops : hops.reverse()),
    replyHops: null,
    underlay: { [node]: { ip: own.ip, interface: leaving.nic.name } },
    tunnels: describeTunnel(side, leaving),
    notes: [...leaving.notes, ...noteDownLinks(way), ...masquerade],
    fromSource: sourceOf(side, { ...context, leaving, masquerade: masqueradeIp(own, leaving.nic, family) }),
    towards: leaving.tunnel === null ? leaving.gateway : leaving.tunnel.remoteVtep,
  };
}

/** The address besides its own that the near end's packets may have; null where there is none. */
function sourceOf(
  side: Side,
  way: {
    readonly outward: boolean;
    readonly inside?: boolean;
    readonly leaving: Leaving;
    readonly masquerade: string | null;
  },
): string | null {
  if (!way.outward) return null;
  if (isNode(side)) return way.leaving.source;
  return way.inside === true ? null : way.masquerade;
}

function joinWays(
  sender: { readonly side: Side; readonly own: Underlay; readonly leaving: Leaving },
  receiver: { readonly side: Side; readonly own: Underlay; readonly leaving: Leaving },
  context: TraceContext & { readonly outward: "request" | "reply" },
): { readonly hops: LooseHop[]; readonly notes: readonly string[] } {
  const { recipe, profile, outward } = context;
  const encapsulation = wornAt(sender.side, sender.leaving, { own: sender.own, recipe });
  const out = leavingWay(sender.side, sender.leaving, { encapsulation, outward });
  const into = arrivingWay(receiver.side, sender.leaving, {
    own: receiver.own,
    nic: underlayOverride(receiver.side.view, profile),
    tunnels: findTunnels(receiver.side.view.links, recipe),
    encapsulation,
    outward: outward === "request" ? "reply" : "request",
    back: recipe.path.arriving === "reply-route" ? receiver.leaving : null,
  });
  const roles = recipe.path.leaving;
  return {
    hops: [...makeHops(out, roles, recipe.sees), ...makeHops(into, roles, recipe.sees).reverse()],
    notes: [...into.notes, ...noteDownLinks(out), ...noteDownLinks(into)],
  };
}

/** What leaves one node for another wears this at the NIC. */
function wornAt(
  { view }: Side,
  leaving: Leaving,
  { own, recipe }: { readonly own: Underlay; readonly recipe: HopRecipe },
): Encapsulation {
  const { sealedBy } = recipe;
  const device = sealedBy === undefined ? undefined : view.links.find((link) => fitsLink(link, sealedBy));
  return encapsulationOf(leaving, { own, sealedBy: device ?? null });
}

function describeTunnel(side: Side, leaving: Leaving): FlowPath["tunnels"] {
  const { tunnel } = leaving;
  if (tunnel === null || !side.view.links.includes(tunnel.link)) return {};
  return {
    [side.view.node]: {
      interface: tunnel.link.name,
      address: tunnel.link.addresses.find((ip) => !isLinkLocal(ip)) ?? null,
      gateway: tunnel.gateway,
      remoteMac: tunnel.remoteMac,
      remoteVtep: tunnel.remoteVtep,
    },
  };
}

function sameHops(a: readonly LooseHop[], b: readonly LooseHop[]): boolean {
  const key = (hop: LooseHop): string => `${hop.id} ${JSON.stringify(hop.encapsulation)}`;
  return a.length === b.length && a.every((hop, index) => key(hop) === key(b[index] as LooseHop));
}

/** Gives hops their places in the request's order. */
export function number(hops: readonly LooseHop[]): Hop[] {
  return hops.map((hop, index) => ({ ...hop, index }));
}
