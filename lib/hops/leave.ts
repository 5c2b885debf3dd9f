import type { ClusterProfile } from "../model/cluster.js";
import { findFarEnd, type FarEnd, type FarEndInput } from "./far-end.js";
import { findLink, type Link } from "../linux/links.js";
import { Looks } from "./looks.js";
import { askFdb, askRoute, lookUpRoute, type RouteLookup, type RouteQuestion } from "./read-node.js";
import type { HopRecipe } from "./recipe.js";
import { addressAtPod, type Side } from "./side.js";
import { findNic, findTunnels, underlayOverride, type Underlay } from "./underlay.js";
import { formatOfLink } from "../wire/registry.js";

/** The tunnel that a node puts a packet into, and where its tables say that it ends. */
interface TunnelWay {
  readonly link: Link;
  readonly gateway: string;
  readonly remoteMac: string | null;
  readonly remoteVtep: string | null;
}

/** How a packet leaves its node. */
export interface Leaving {
  readonly tunnel: TunnelWay | null;
  readonly tunnelEvidence: string;
  readonly nic: Link;
  readonly nicEvidence: string;
  /** The source address the node itself would use; null for pods. */
  readonly source: string | null;
  readonly notes: readonly string[];
}

interface LeaveOptions {
  /** Address of the other end at its pod. */
  readonly dst: string;
  readonly own: Underlay;
  /** The other node; null outside the cluster. */
  readonly far: {
    readonly node: string;
    readonly underlay: Underlay;
    readonly links: readonly Link[];
  } | null;
  readonly recipe: HopRecipe;
  readonly profile: ClusterProfile;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the node how a packet to `dst` leaves it: by its route through the tunnel or by the NIC. What is
 * missing or contradicts the other node is a fault to be found, so it is noted and the way goes on.
 */
export async function findLeaving(side: Side, options: LeaveOptions): Promise<Leaving> {
  const { view } = side;
  const notes: string[] = [];
  const tunnels = findTunnels(view.links, options.recipe);
  const looks = await lookAhead(side, options, tunnels);
  const route = await lookUpLeaving(side, { ...options, looks }, notes);
  const dev = route.found?.dev ?? null;
  // Without any route the recipe's own way stays: the packets are to be looked for where they should be.
  const isKnown = options.far !== null && options.recipe.tunnel?.kind !== undefined;
  const assumed = route.found === null && isKnown ? tunnels[0] : undefined;
  const tunnel = tunnels.find((link) => link.name === dev) ?? assumed;
  const base = { source: route.found?.source ?? null, notes };
  if (tunnel !== undefined) {
    const way = await followTunnel(side, tunnel, {
      ...options,
      looks,
      gateway: route.found?.gateway ?? options.dst,
      encapsulatedTo: route.found?.encapsulatedTo ?? null,
      notes,
    });
    const towards = way.remoteVtep ?? options.far?.underlay.ip ?? null;
    const nic = towards === null ? null : await findNic(view, towards, { ...options, looks });
    notes.push(...(nic?.notes ?? []));
    return {
      ...base,
      tunnel: way,
      tunnelEvidence:
        dev === tunnel.name ? `ip route get ${options.dst}: dev ${dev}` : "the recipe's tunnel device",
      nic: nic?.link ?? options.own.link,
      nicEvidence: nic?.evidence ?? `${options.own.link.name} has ${view.node}'s address`,
    };
  }
  const direct = findLink(view.links, dev);
  return {
    ...base,
    tunnel: null,
    tunnelEvidence: "",
    nic: direct ?? options.own.link,
    nicEvidence:
      direct === undefined
        ? `${options.own.link.name} has ${view.node}'s address ${options.own.ip}`
        : `ip route get ${options.dst}: dev ${direct.name}`,
  };
}

/** As for a packet that comes out of the pod; null for what the node itself sends. */
function askFromPod(side: Side, dst: string): RouteQuestion | null {
  if (side.pod === null) return null;
  // What comes in by a bridge's port is routed as come in by the bridge.
  return { dst, from: addressAtPod(side.end), iif: (side.pod.bridge ?? side.pod.host.link).name };
}

/** All that may be wanted on the way out, in one round trip: most ways need all of it, one after the other. */
function lookAhead(
  side: Side,
  { dst, far, profile, signal }: LeaveOptions,
  tunnels: readonly Link[],
): Promise<Looks> {
  const { view } = side;
  const toPeer = far === null || underlayOverride(view, profile) !== null ? [] : [far.underlay.ip];
  const routes = [askFromPod(side, dst) ?? { dst }, ...toPeer.map((ip) => ({ dst: ip }))];
  const fdbs = tunnels.filter((link) => formatOfLink(link.kind)?.farEnd.includes("fdb") === true);
  return Looks.take({ access: view.access, netns: { kind: "host" }, signal }, [
    ...routes.map(askRoute),
    ...fdbs.map((link) => askFdb(link.name)),
  ]);
}

/** The kernel's decision for a packet that comes out of the pod; without the device where it refuses that. */
async function lookUpLeaving(
  side: Side,
  { dst, looks }: { readonly dst: string; readonly looks: Looks },
  notes: string[],
): Promise<RouteLookup> {
  const { node } = side.view;
  const fromPod = askFromPod(side, dst);
  if (fromPod !== null) {
    const exact = await lookUpRoute(looks, fromPod);
    if (exact.found !== null) return { found: { ...exact.found, source: null }, error: null };
    const { from, iif } = fromPod;
    notes.push(`${node} refuses packets from ${from} to ${dst} that come in by ${iif}: ${exact.error}`);
  }
  const plain = await lookUpRoute(looks, { dst });
  if (plain.found === null) notes.push(`${node} has no route to ${dst}: ${plain.error}`);
  return plain;
}

async function followTunnel(
  side: Side,
  link: Link,
  options: LeaveOptions & Pick<FarEndInput, "looks" | "gateway" | "encapsulatedTo" | "notes">,
): Promise<TunnelWay> {
  const { view } = side;
  const { looks, gateway, encapsulatedTo, notes, far } = options;
  const farEnd = await findFarEnd({ view, looks, link, gateway, encapsulatedTo, notes });
  if (far !== null) checkFarEnd({ ...options, ...farEnd, link, node: view.node, far });
  const { remoteMac, remoteVtep } = farEnd;
  return { link, gateway, remoteMac, remoteVtep };
}

function checkFarEnd(
  input: FarEnd & {
    readonly link: Link;
    readonly node: string;
    readonly far: NonNullable<LeaveOptions["far"]>;
    readonly recipe: HopRecipe;
    readonly notes: string[];
  },
): void {
  const { link, node, far, remoteMac, remoteVtep, notes } = input;
  if (remoteVtep !== null && !far.links.some((candidate) => candidate.addresses.includes(remoteVtep))) {
    notes.push(
      `${node}'s ${input.saidBy} sends to ${remoteVtep}, which is no address of ${far.node} (${far.underlay.ip})`,
    );
  }
  const farTunnels = findTunnels(far.links, input.recipe).filter(({ kind }) => kind === link.kind);
  const macs = farTunnels.map((candidate) => candidate.mac?.toLowerCase());
  if (remoteMac !== null && farTunnels.length > 0 && !macs.includes(remoteMac)) {
    const named = farTunnels.map((candidate) => `${candidate.name} has ${String(candidate.mac)}`).join(", ");
    notes.push(`${node}'s neighbour entry on ${link.name} is ${remoteMac}; on ${far.node} ${named}`);
  }
}
