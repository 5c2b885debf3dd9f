import { asUnseen, sayWhy } from "../cluster/index.js";
import type { HopbookError } from "../errors.js";
import type { ClusterProfile, End } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { accessOf } from "./ends.js";
import type { Looks } from "./looks.js";
import { readNodeView, type NodeView } from "./read-node.js";
import { addressAtPod, hasOwnNetns, readPod, type PodReading } from "./side.js";

export interface ReadContext {
  readonly profile: Pick<ClusterProfile, "nodes">;
  /** Nodes that could be reached, by name. */
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  /** Why the others could not. */
  readonly failures?: ReadonlyMap<string, HopbookError> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What could be read of an end. */
export interface ReadEnd {
  /** `unseen` where its pod could not be looked into. */
  readonly end: End;
  /** null: it is outside the cluster, or its node could not be entered. */
  readonly view: NodeView | null;
  /** null for a node's own, and for what is unseen. */
  readonly reading: PodReading | null;
  /** Why its node could not be entered. */
  readonly error: HopbookError | null;
}

/**
 * Everything that does not depend on the recipe, of both nodes and both pods at once. Throws what the nodes say where
 * neither could be entered.
 */
export async function readEnds(
  from: End,
  to: End,
  context: ReadContext,
): Promise<readonly [ReadEnd, ReadEnd]> {
  const nodes = new Map<string, Promise<HostReading>>();
  for (const { node } of [from, to]) {
    if (node === null || nodes.has(node)) continue;
    nodes.set(node, readHost(node, [from, to], context));
  }
  const read = await Promise.all([
    readEnd(from, to, { ...context, host: nodes.get(from.node ?? "") }),
    readEnd(to, from, { ...context, host: nodes.get(to.node ?? "") }),
  ]);
  if (read.some(({ view }) => view !== null)) return read;
  const [error] = read.flatMap((one) => one.error ?? []);
  throw error ?? new Error("Neither end is in the cluster: checkEnds lets none through");
}

interface HostReading {
  readonly view: NodeView;
  readonly looks: Looks;
}

async function readHost(
  node: string,
  ends: readonly End[],
  { accesses, failures, profile, signal }: ReadContext,
): Promise<HostReading> {
  const failure = accesses.has(node) ? undefined : failures?.get(node);
  if (failure !== undefined) throw failure;
  const here = ends.filter((end) => end.node === node && hasOwnNetns(end)).map(addressAtPod);
  const addresses = addressesOf(ends, profile);
  return readNodeView(accessOf(node, accesses), { routesTo: [...new Set(here)], addresses, signal });
}

/** Of ends and of the cluster's nodes: they say which families a path may have. */
export function addressesOf(
  ends: readonly End[],
  { nodes }: Pick<ClusterProfile, "nodes">,
): readonly string[] {
  return [...ends.map(addressAtPod), ...nodes.flatMap(({ address }) => address ?? [])];
}

/** Of an end whose pod is not looked into: its node. */
export async function readHostOf(
  end: End & { readonly node: string },
  context: ReadContext,
): Promise<ReadEnd> {
  return readEnd(end, end, { ...context, host: readHost(end.node, [end], context) });
}

async function readEnd(
  end: End,
  peer: End,
  context: ReadContext & { readonly host: Promise<HostReading> | undefined },
): Promise<ReadEnd> {
  const { host, accesses, signal } = context;
  const nothing = { end, view: null, reading: null, error: null };
  if (host === undefined || end.node === null) return nothing;
  const access = accesses.get(end.node);
  const pod =
    access === undefined
      ? Promise.resolve(null)
      : readPod(end, host, { access, peerIp: peer.ip, signal }).catch(orUnseen);
  const [seen, reading] = await Promise.all([host.catch(orUnseen), pod]);
  if (!("view" in seen)) {
    return { ...nothing, end: { ...end, netns: null, unseen: end.unseen ?? sayWhy(seen) }, error: seen };
  }
  const { view } = seen;
  if (reading === null || "links" in reading) return { end, view, reading, error: null };
  return { end: { ...end, netns: null, unseen: sayWhy(reading) }, view, reading: null, error: null };
}

function orUnseen(failure: unknown): HopbookError {
  const error = asUnseen(failure);
  if (error === null) throw failure;
  return error;
}
