import { accessOf, checkEnds, enterByPod } from "./ends.js";
import { readLonePod, traceLonePods, type LonePod, type SeenEnd } from "./lone-pod.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { ClusterProfile, End } from "../model/cluster.js";
import type { FlowPath } from "../model/hops.js";
import { readNodeView, type NodeView } from "./read-node.js";
import { chooseRecipe } from "./choose-recipe.js";
import type { HopRecipe } from "./recipe.js";
import { addressAtPod, hasOwnNetns, makeSide, readPod, type PodReading, type Side } from "./side.js";
import { traceBetweenNodes, traceToOutside, traceWithinNode, type TracedPath } from "./trace.js";

export interface DiscoverContext {
  /** Nodes that could be reached, by name. */
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  readonly profile: ClusterProfile;
  readonly recipes: readonly HopRecipe[];
  /** Names of recipes that the cluster's API speaks for. */
  readonly preferred?: readonly string[] | undefined;
  /** Nodes that no recipe fits are an error, so that the API may be asked, and not taken by the kernel's word alone. */
  readonly mustRecognise?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The ordered hops between two ends, by what the nodes of the path say: devices, routes, neighbours and
 * forwarding entries, read and never changed. What is missing or contradicts itself is often the fault that
 * is looked for: it stands in `notes`, and the hops go on.
 *
 * `from` gets a further address where the node itself sends by another one (its tunnel's).
 *
 * Throws TARGET_AMBIGUOUS (a service without one backend), INPUT_INVALID (both ends are one, or both are
 * outside), NODE_UNREACHABLE, CNI_UNRECOGNISED, HOP_UNRESOLVED, or what a command on a node says.
 */
export async function discoverPath(source: End, target: End, context: DiscoverContext): Promise<FlowPath> {
  checkEnds(source, target);
  const [from, to] = [enterByPod(source, context), enterByPod(target, context)];
  if (from.target !== undefined || to.target !== undefined) return discoverByPods(from, to, context);
  const { views, readings } = await readAll([from, to], context);
  const viewAt = ({ node }: End): NodeView | null => views.get(node ?? "") ?? null;
  const viewed = [from, to].map((end) => ({ end, view: viewAt(end) }));
  const { recipe, notes: doubts } = await chooseRecipe(viewed, context);
  const sideOf = (end: End, reading: PodReading | null): Side | null => {
    const view = views.get(end.node ?? "");
    return view === undefined ? null : makeSide(end, view, { reading, recipe });
  };
  const near = sideOf(from, readings[0] ?? null);
  const far = sideOf(to, readings[1] ?? null);
  const traced = await trace({ near, far, from, to }, { ...context, recipe });
  const { fromSource, ...path } = traced;
  const notes = [...doubts, ...(near?.notes ?? []), ...(far?.notes ?? []), ...path.notes];
  return {
    ...path,
    from: fromSource === null ? from : withAddress(from, fromSource),
    to,
    recipe: recipe.metadata.name,
    notes: [...new Set(notes)],
  };
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
    const host = readNodeView(access, { routesTo: routesToPods([end]), signal });
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
  if (near !== null) return traceToOutside(near, ends.to, { ...context, outward: true });
  return traceToOutside(far as Side, ends.from, { ...context, outward: false });
}

/** Everything that does not depend on the recipe, of both nodes and both pods at once. */
async function readAll(
  ends: readonly [End, End],
  context: DiscoverContext,
): Promise<{
  readonly views: ReadonlyMap<string, NodeView>;
  readonly readings: readonly (PodReading | null)[];
}> {
  const { signal } = context;
  const nodes = [...new Set(ends.map((end) => end.node).filter((node) => node !== null))];
  const hosts = new Map(
    nodes.map((node) => {
      const access = accessOf(node, context.accesses);
      const routesTo = routesToPods(ends.filter((end) => end.node === node));
      return [node, { access, read: readNodeView(access, { routesTo, signal }) }] as const;
    }),
  );
  const readPodOf = async (end: End, peer: End): Promise<PodReading | null> => {
    const host = hosts.get(end.node ?? "");
    if (host === undefined) return null;
    const { access, read } = host;
    return readPod(end, read, { access, peerIp: peer.ip, signal });
  };
  const [read, first, second] = await Promise.all([
    Promise.all([...hosts.values()].map((host) => host.read)),
    readPodOf(ends[0], ends[1]),
    readPodOf(ends[1], ends[0]),
  ]);
  return { views: new Map(read.map(({ view }) => [view.node, view])), readings: [first, second] };
}

/** The host's routes to its pods, which are asked for with what else is read of it. */
function routesToPods(ends: readonly End[]): string[] {
  return [...new Set(ends.filter(hasOwnNetns).map(addressAtPod))];
}

function withAddress(end: End, ip: string): End {
  if (end.addresses.some((address) => address.ip === ip)) return end;
  return { ...end, addresses: [...end.addresses, { ip, port: end.port }] };
}
