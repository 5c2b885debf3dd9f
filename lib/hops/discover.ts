import { accessOf, checkEnds } from "./ends.js";
import type { NodeAccess } from "../model/access.js";
import type { ClusterProfile, End } from "../model/cluster.js";
import type { FlowPath } from "../model/hops.js";
import { readNodeView, type NodeView } from "./read-node.js";
import { recogniseCni } from "./recognise.js";
import type { HopRecipe } from "./recipe.js";
import { makeSide, readPod, type PodReading, type Side } from "./side.js";
import { traceBetweenNodes, traceToOutside, traceWithinNode, type TracedPath } from "./trace.js";

export interface DiscoverContext {
  /** Nodes that could be reached, by name. */
  readonly accesses: ReadonlyMap<string, NodeAccess>;
  readonly profile: ClusterProfile;
  readonly recipes: readonly HopRecipe[];
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
export async function discoverPath(from: End, to: End, context: DiscoverContext): Promise<FlowPath> {
  checkEnds(from, to);
  const { views, readings } = await readAll([from, to], context);
  const recipe = recogniseCni([...views.values()], context.recipes, context.profile.cni);
  const sideOf = (end: End, reading: PodReading | null): Side | null => {
    const view = views.get(end.node ?? "");
    return view === undefined ? null : makeSide(end, view, { reading, recipe });
  };
  const near = sideOf(from, readings[0] ?? null);
  const far = sideOf(to, readings[1] ?? null);
  const traced = await trace({ near, far, from, to }, { ...context, recipe });
  const { fromSource, ...path } = traced;
  const notes = [...(near?.notes ?? []), ...(far?.notes ?? []), ...path.notes];
  return {
    ...path,
    from: fromSource === null ? from : withAddress(from, fromSource),
    to,
    recipe: recipe.metadata.name,
    notes: [...new Set(notes)],
  };
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
  const accesses = new Map(nodes.map((node) => [node, accessOf(node, context.accesses)]));
  const readPodOf = async (end: End, peer: End): Promise<PodReading | null> => {
    const access = accesses.get(end.node ?? "");
    return access === undefined ? null : readPod(end, { access }, { peerIp: peer.ip, signal });
  };
  const [views, first, second] = await Promise.all([
    Promise.all([...accesses.values()].map((access) => readNodeView(access, signal))),
    readPodOf(ends[0], ends[1]),
    readPodOf(ends[1], ends[0]),
  ]);
  return { views: new Map(views.map((view) => [view.node, view])), readings: [first, second] };
}

function withAddress(end: End, ip: string): End {
  if (end.addresses.some((address) => address.ip === ip)) return end;
  return { ...end, addresses: [...end.addresses, { ip, port: end.port }] };
}
