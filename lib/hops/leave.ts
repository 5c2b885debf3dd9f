import type { ClusterProfile } from "../model/cluster.js";
import { findFarEnd, type FarEnd, type FarEndInput } from "./far-end.js";
import { ipVersion } from "../linux/address.js";
import { findLink, type Link } from "../linux/links.js";
import { Looks } from "./looks.js";
import { askFdb, askRoute, lookUpRoute, type RouteLookup, type RouteQuestion } from "./read-node.js";
import type { HopRecipe } from "./recipe.js";
import { addressAtPod, type Side } from "./side.js";
import {
  carryFamily,
  findNic,
  findOutsidePort,
  findTunnels,
  underlayOverride,
  type Underlay,
} from "./underlay.js";
import { formatOfLink, isToldFarEnd } from "../wire/registry.js";

/** The tunnel that a node puts a packet into, and where its tables say that it ends. */
interface TunnelWay {
  readonly link: Link;
  /** The next hop within the tunnel; null: there is no route, so that nobody knows it. */
  readonly gateway: string | null;
  readonly remoteMac: string | null;
  readonly remoteVtep: string | null;
}

/** How a packet leaves its node. */
export interface Leaving {
  readonly tunnel: TunnelWay | null;
  readonly tunnelEvidence: string;
  readonly nic: Link;
  readonly nicEvidence: string;
  /** No device of the node shows the packets. */
  readonly isHidden: boolean;
  /** The route's next hop; null where it has none. */
  readonly gateway: string | null;
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
  if (side.pod?.isApart === true) return leaveWithoutHost(side, side.pod.parent, options);
  const tunnels = findTunnels(view.links, options.recipe);
  const looks = await lookAhead(side, options, tunnels);
  const route = await lookUpLeaving(side, { ...options, looks }, notes);
  const dev = route.found?.dev ?? null;
  // Without any route the recipe's own way stays: the packets are to be looked for where they should be.
  const isKnown = options.far !== null && options.recipe.tunnel?.kind !== undefined;
  const [fitting] = carryFamily(tunnels, ipVersion(options.dst));
  const assumed = route.found === null && isKnown ? fitting : undefined;
  const behind = options.recipe.tunnel?.through?.includes(dev ?? "") === true ? fitting : undefined;
  const tunnel = tunnels.find((link) => link.name === dev) ?? behind ?? assumed;
  const source = route.found?.source ?? null;
  const base = { isHidden: false, source, gateway: route.found?.gateway ?? null, notes };
  if (tunnel !== undefined) {
    const way = await followTunnel(side, tunnel, {
      ...options,
      looks,
      gateway: route.found === null ? null : (route.found.gateway ?? options.dst),
      encapsulatedTo: route.found?.encapsulatedTo ?? null,
      notes,
    });
    const towards = way.remoteVtep ?? options.far?.underlay.ip ?? null;
    const nic = towards === null ? null : await findNic(view, towards, { ...options, looks });
    notes.push(...(nic?.notes ?? []));
    return {
      ...base,
      tunnel: way,
      tunnelEvidence: sayTunnel({ dst: options.dst, dev, tunnel, isBehind: behind !== undefined }),
      ...asPort(side, {
        nic: nic?.link ?? options.own.link,
        nicEvidence: nic?.evidence ?? `${options.own.link.name} has ${view.node}'s address`,
      }),
    };
  }
  const direct = findLink(view.links, dev);
  return {
    ...base,
    tunnel: null,
    tunnelEvidence: "",
    ...asPort(side, {
      nic: direct ?? options.own.link,
      nicEvidence:
        direct === undefined
          ? `${options.own.link.name} has ${view.node}'s address ${options.own.ip}`
          : `ip route get ${options.dst}: dev ${direct.name}`,
    }),
  };
}

function sayTunnel(found: {
  readonly dst: string;
  readonly dev: string | null;
  readonly tunnel: Link;
  readonly isBehind: boolean;
}): string {
  const { dst, dev, tunnel, isBehind } = found;
  if (dev === tunnel.name) return `ip route get ${dst}: dev ${dev}`;
  return isBehind
    ? `ip route get ${dst}: dev ${String(dev)}, behind which the recipe has ${tunnel.name}`
    : "the recipe's tunnel device";
}

/** A switch's own device shows nothing of what the switch sends by itself: its port to the outside is meant. */
function asPort(
  { view, pod }: Side,
  found: Pick<Leaving, "nic" | "nicEvidence">,
): Pick<Leaving, "nic" | "nicEvidence"> {
  const port = findOutsidePort(view.links, found.nic, pod?.bridge ?? null);
  if (port === null) return found;
  return { nic: port, nicEvidence: `${found.nicEvidence}, whose port to the outside is ${port.name}` };
}

/** The packets of such a pod pass nothing of the host's own network. */
function leaveWithoutHost(side: Side, parent: Link | null, { own }: Pick<LeaveOptions, "own">): Leaving {
  const nicEvidence = `the pod's ${side.pod?.link.name ?? "interface"} is on top of it`;
  const base = { tunnel: null, tunnelEvidence: "", gateway: null, source: null, notes: [] };
  return { ...base, nic: parent ?? own.link, nicEvidence, isHidden: parent === null };
}

/** As for a packet that comes out of the pod; null for what the node itself sends. */
function askFromPod({ pod, view, end }: Side, dst: string, recipe: HopRecipe): RouteQuestion | null {
  if (pod === null || pod.host === null) return null;
  const { entry = [] } = recipe.hostInterface;
  const enters = entry.map((name) => findLink(view.links, name)).find((link) => link !== undefined);
  // What comes in by a bridge's port is routed as come in by the bridge.
  return { dst, from: addressAtPod(end), iif: (enters ?? pod.bridge ?? pod.host.link).name };
}

/** All that may be wanted on the way out, in one round trip: most ways need all of it, one after the other. */
function lookAhead(
  side: Side,
  { dst, far, recipe, profile, signal }: LeaveOptions,
  tunnels: readonly Link[],
): Promise<Looks> {
  const { view } = side;
  const toPeer = far === null || underlayOverride(view, profile) !== null ? [] : [far.underlay.ip];
  const routes = [askFromPod(side, dst, recipe) ?? { dst }, ...toPeer.map((ip) => ({ dst: ip }))];
  const fdbs = tunnels.filter(
    (link) => !isToldFarEnd(link) && formatOfLink(link.kind)?.farEnd.includes("fdb") === true,
  );
  return Looks.take({ access: view.access, netns: { kind: "host" }, signal }, [
    ...routes.map(askRoute),
    ...fdbs.map((link) => askFdb(link.name)),
  ]);
}

/** The kernel's decision for a packet that comes out of the pod; without the device where it refuses that. */
async function lookUpLeaving(
  side: Side,
  { dst, looks, recipe }: { readonly dst: string; readonly looks: Looks; readonly recipe: HopRecipe },
  notes: string[],
): Promise<RouteLookup> {
  const { node } = side.view;
  const fromPod = askFromPod(side, dst, recipe);
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
  options: LeaveOptions &
    Pick<FarEndInput, "looks" | "encapsulatedTo" | "notes"> & { readonly gateway: string | null },
): Promise<TunnelWay> {
  const { view } = side;
  const { looks, gateway, encapsulatedTo, notes, far } = options;
  if (gateway === null) return { link, gateway, remoteMac: null, remoteVtep: null };
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
