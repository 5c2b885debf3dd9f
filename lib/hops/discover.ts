import { HopbookError } from "../errors.js";
import { discoverByDoor, isByOtherNode } from "./by-door.js";
import { accessOf, checkEnds, enterByPod } from "./ends.js";
import { readLonePod, traceLonePods, type LonePod, type SeenEnd } from "./lone-pod.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { ClusterProfile, End } from "../model/cluster.js";
import type { FlowPath, SwitchPorts, Unentered } from "../model/hops.js";
import { placeByRoute } from "./place-by-route.js";
import { addressesOf, readEnds, type ReadEnd } from "./read-ends.js";
import { Looks } from "./looks.js";
import { lookUpRoute, readNodeView, type NodeView } from "./read-node.js";
import { chooseRecipe } from "./choose-recipe.js";
import type { HopRecipe } from "./recipe.js";
import { addressAtPod, hasOwnNetns, makeSide, readPod, type PodReading, type Side } from "./side.js";
import { traceBetweenNodes, traceToOutside, traceWithinNode, type TracedPath } from "./trace.js";

export interface DiscoverContext {
  /** Nodes that could be reached, by name. */
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  readonly profile: ClusterProfile;
  readonly recipes: readonly HopRecipe[];
  /** Why the other nodes could not. */
  readonly failures?: ReadonlyMap<string, HopbookError> | undefined;
  /** Names of recipes that the cluster's API speaks for. */
  readonly preferred?: readonly string[] | undefined;
  /** Nodes that no recipe fits are an error, so that the API may be asked, and not taken by the kernel's word alone. */
  readonly mustRecognise?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The ordered hops between two ends, by what the nodes of the path say: devices, routes, neighbours and
 * forwarding entries, read and never changed. What is missing or contradicts itself is often the fault that
 * is looked for: it stands in `notes`, and the hops go on. Where one end cannot be looked into, it stands in
 * `unentered`, and the hops are the other one's.
 *
 * `from` gets a further address where the node itself sends by another one (its tunnel's).
 *
 * Throws TARGET_AMBIGUOUS (a service without one backend), INPUT_INVALID (both ends are one, or both are
 * outside), CNI_UNRECOGNISED, HOP_UNRESOLVED; where neither end can be looked into, what the nodes say.
 */
export async function discoverPath(source: End, target: End, context: DiscoverContext): Promise<FlowPath> {
  checkEnds(source, target);
  if (isByOtherNode(source, target))
    return discoverByDoor(source, target, (from, to) => discoverDirect(from, to, context));
  return discoverDirect(source, target, context);
}

async function discoverDirect(source: End, target: End, context: DiscoverContext): Promise<FlowPath> {
  checkEnds(source, target);
  const [from, to] = [enterByPod(source, context), enterByPod(target, context)];
  if (from.target !== undefined || to.target !== undefined) return discoverByPods(from, to, context);
  const seen = await traceRead(await readEnds(from, to, context), context);
  const placed = await placeOutside(seen, context);
  return describePath(placed === null ? seen : await traceRead(placed, context), context);
}

type Ends = readonly [ReadEnd, ReadEnd];

interface Traced {
  readonly ends: Ends;
  readonly sides: readonly (Side | null)[];
  readonly path: TracedPath;
  readonly recipe: HopRecipe;
  readonly notes: readonly string[];
}

async function traceRead(ends: Ends, context: DiscoverContext): Promise<Traced> {
  const { recipe, notes } = await chooseRecipe(ends, context);
  const sides = ends.map(({ end, view, reading }) =>
    view === null ? null : makeSide(end, view, { reading, recipe }),
  );
  const [near = null, far = null] = sides;
  const path = await trace({ near, far, from: ends[0].end, to: ends[1].end }, { ...context, recipe });
  const fromSource = path.fromSource ?? (await masqueradedBy(near, ends[1].end, context));
  return { ends, sides, path: { ...path, fromSource }, recipe, notes };
}

/**
 * The address that the sender's node gives to what its pods send to a door of a Service (kube-proxy's mark for what comes from
 * outside): the one that it would itself send to the backend by. null: it gives none.
 */
async function masqueradedBy(
  near: Side | null,
  { door, ...to }: End,
  { signal }: DiscoverContext,
): Promise<string | null> {
  if (near === null || near.end.hostNetwork || door === undefined) return null;
  const host = new Looks({ access: near.view.access, netns: { kind: "host" }, signal });
  return (await lookUpRoute(host, { dst: addressAtPod(to) })).found?.source ?? null;
}

/** An end that nobody knows, where the other one's node says that it is on a node of the cluster; null: it is not. */
async function placeOutside({ ends, sides, path }: Traced, context: DiscoverContext): Promise<Ends | null> {
  const side = sides.find((one) => one !== null);
  if (side === null || side === undefined) return null;
  const { node, neighbours } = side.view;
  const placing = { ...context, from: node, towards: path.towards, neighbours };
  const [from, to] = await Promise.all(ends.map((end) => placeByRoute(end, placing)));
  if (from != null) return [from, ends[1]];
  return to == null ? null : [ends[0], to];
}

function describePath(found: Traced, { profile }: DiscoverContext): FlowPath {
  const { ends, sides, path, recipe, notes } = found;
  const [{ end: from }, { end: to }] = ends;
  const { fromSource, towards, ...traced } = path;
  const unseen = ends.flatMap(({ end, error }) => (error === null || end.node === null ? [] : [end.node]));
  const unentered = ends.flatMap(({ end, error }, index): Unentered[] => {
    if (end.node === null || end.unseen === undefined) return [];
    const { address } = profile.nodes.find(({ name }) => name === end.node) ?? {};
    const pod = error === null ? (end.pod ?? addressAtPod(end)) : null;
    const which = index === 0 ? "from" : "to";
    return [{ end: which, node: end.node, pod, address: address ?? towards, why: end.unseen }];
  });
  return {
    ...traced,
    from: fromSource === null ? from : withAddress(from, fromSource),
    to,
    recipe: recipe.metadata.name,
    notes: [...new Set([...notes, ...sides.flatMap((side) => side?.notes ?? []), ...path.notes])],
    ...(recipe.switch === undefined ? {} : { switched: portsOf(recipe.switch, from, to) }),
    ...(unseen.length === 0 ? {} : { unseen: [...new Set(unseen)] }),
    ...(unentered.length === 0 ? {} : { unentered }),
  };
}

function portsOf({ port }: NonNullable<HopRecipe["switch"]>, from: End, to: End): SwitchPorts {
  const nameOf = ({ pod, hostNetwork }: End): string | null => {
    const [namespace, name] = pod?.split("/") ?? [];
    if (port === undefined || hostNetwork || namespace === undefined || name === undefined) return null;
    return port.replaceAll("{namespace}", namespace).replaceAll("{pod}", name);
  };
  return { from: nameOf(from), to: nameOf(to) };
}

/** Of the recipe that is written down where no node was asked for its CNI. */
const NO_RECIPE = "pods-only";

/** At least one end is seen from within its pod alone; the node of the other one may be asked, its own is not. */
async function discoverByPods(from: End, to: End, context: DiscoverContext): Promise<FlowPath> {
  const { accesses, profile, signal } = context;
  const look = async (end: End, peer: End): Promise<LonePod | PodReadingOf | null> => {
    const options = { peerIp: addressAtPod(peer), signal };
    if (end.target !== undefined) return readLonePod(end, accessOf(end.target, accesses), options);
    if (end.node === null) return null;
    const access = accessOf(end.node, accesses);
    const addresses = addressesOf([from, to], profile);
    const host = readNodeView(access, { routesTo: routesToPods([end]), addresses, signal });
    const [{ view }, reading] = await Promise.all([host, readPod(end, host, { access, ...options })]);
    return { view, reading };
  };
  const found = await Promise.all([look(from, to), look(to, from)]);
  const viewed = [from, to].map((end, index) => {
    const one = found[index] ?? null;
    return { end, view: one !== null && "view" in one ? one.view : null };
  });
  const isNone = viewed.every(({ view }) => view === null);
  const { recipe, notes: doubts } = isNone
    ? { recipe: null, notes: [] }
    : await chooseRecipe(viewed, context);
  const seen = [from, to].map((end, index): SeenEnd => {
    const one = found[index] ?? null;
    if (one === null) return null;
    if (!("view" in one)) return { lone: one };
    return recipe === null ? null : { side: makeSide(end, one.view, { reading: one.reading, recipe }) };
  });
  const [near = null, far = null] = seen;
  const traced = await traceLonePods(
    { end: from, seen: near },
    { end: to, seen: far },
    recipe === null ? null : { recipe, profile, signal },
  );
  const { fromSource, ...path } = traced;
  const unseen = [from, to].filter((end) => end.target !== undefined).map((end) => end.node ?? end.ip);
  return {
    ...path,
    from: fromSource === null ? from : withAddress(from, fromSource),
    to,
    recipe: recipe?.metadata.name ?? NO_RECIPE,
    notes: [...new Set([...doubts, ...path.notes])],
    unseen: [...new Set(unseen)],
  };
}

interface PodReadingOf {
  readonly view: NodeView;
  readonly reading: PodReading | null;
}

async function trace(
  ends: { readonly near: Side | null; readonly far: Side | null; readonly from: End; readonly to: End },
  context: DiscoverContext & { readonly recipe: HopRecipe },
): Promise<TracedPath> {
  const { near, far } = ends;
  if (near !== null && far !== null) {
    const sameNode = near.view.node === far.view.node;
    return sameNode ? traceWithinNode(near, far, context) : traceBetweenNodes(near, far, context);
  }
  const [side, other] = near === null ? [far, ends.from] : [near, ends.to];
  if (side === null) throw new HopbookError("INTERNAL", "A path has a side that was read");
  const inside = other.node !== null && !other.hostNetwork;
  return traceToOutside(side, other, { ...context, outward: near !== null, inside });
}

/** The host's routes to its pods, which are asked for with what else is read of it. */
function routesToPods(ends: readonly End[]): string[] {
  return [...new Set(ends.filter(hasOwnNetns).map(addressAtPod))];
}

function withAddress(end: End, ip: string): End {
  if (end.addresses.some((address) => address.ip === ip)) return end;
  return { ...end, addresses: [...end.addresses, { ip, port: end.port }] };
}
