import pMap from "p-map";
import { openAccess } from "../access/registry.js";
import { asHopbookError, HopbookError } from "../errors.js";
import { Grace } from "./grace.js";
import { createLazyAccess, type LazyAccess } from "./lazy-access.js";
import type { NodeAccess, NodeTarget } from "../model/access.js";
import type { ClusterProfile, EnteredNode } from "../model/cluster.js";
import type { DetachedPods } from "../model/detached.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { KubeReader, KubeRef, Lease, OpenKube } from "../model/kube.js";

export interface OpenCluster {
  /** Nodes that answered, by name. */
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  /** Why the others did not. */
  readonly unreachable: ReadonlyMap<string, HopbookError>;
  /** The cluster's API, where the profile has one. */
  readonly kube?: KubeReader;
  /** Which nodes were entered up to now, and how; absent where a profile names them and the way. */
  entered?(): readonly EnteredNode[];
  close(): Promise<void>;
  /** What `close()` could not take away from the nodes and the cluster. */
  leftovers?(): readonly string[];
}

export interface OpenClusterOptions {
  readonly signal: AbortSignal;
  readonly openKube: OpenKube;
  /** Puts the permissions and the transcript around a way in; there is no other way to a node. */
  readonly wrap: (access: NodeAccess) => GuardedAccess;
  /** Nodes that may be logged in to; the others are not even tried. */
  readonly isAllowed: (target: NodeTarget) => { readonly allowed: boolean; readonly reason: string };
  /** The same for what is asked of the cluster's API; without it there is none. */
  readonly wrapKube?: (kube: KubeReader) => KubeReader;
  /** Whose is what is made in the cluster for a way in. */
  readonly lease?: Lease;
  /** What is made for it may outlive the client. */
  readonly detached?: DetachedPods;
  /** Nodes to log in to at once; the others only when something is asked of them. Default: all at once. */
  readonly first?: ReadonlySet<string> | undefined;
}

const PARALLEL_LOGINS = 16;

/** Logs in to nodes of a profile, many at once. A node that does not answer is no error here. */
export async function openCluster(
  profile: ClusterProfile,
  options: OpenClusterOptions,
): Promise<OpenCluster> {
  if (profile.kube !== undefined) return openKubeCluster(profile, profile.kube, options);
  const opened: NodeAccess[] = [];
  const accesses = new Map<string, GuardedAccess>();
  const unreachable = new Map<string, HopbookError>();
  const grace = new Grace();
  const login = async (target: NodeTarget): Promise<void> => {
    try {
      const access = await grace.bound(target.name, (late) =>
        enter(target, { ...options, signal: AbortSignal.any([options.signal, late]) }),
      );
      opened.push(access);
      accesses.set(target.name, options.wrap(access));
    } catch (error) {
      unreachable.set(target.name, asHopbookError(error));
    }
  };
  const { first = new Set(profile.nodes.map(({ name }) => name)) } = options;
  const atOnce = profile.nodes.filter(({ name }) => first.has(name));
  await pMap(atOnce, login, { concurrency: PARALLEL_LOGINS });
  grace.close();
  const close = async (): Promise<void> => {
    await Promise.allSettled(opened.map((access) => access.close()));
  };
  if (options.signal.aborted) {
    await close();
    throw new HopbookError("INTERRUPTED", "Interrupted while logging in to the nodes");
  }
  // Denied by the operator is one thing, out of reach another; where nothing is left the first reason says it.
  const [why] = unreachable.values();
  if (accesses.size === 0 && why !== undefined) {
    await close();
    throw why;
  }
  for (const target of profile.nodes) {
    if (first.has(target.name)) continue;
    const access = enterLater(target, options);
    opened.push(access);
    accesses.set(target.name, options.wrap(access));
  }
  return { accesses, unreachable, close, leftovers: () => leftoversOf(opened) };
}

/** Of a cluster with an API only those nodes are entered that something is asked of; it may have thousands. */
async function openKubeCluster(
  profile: ClusterProfile,
  ref: KubeRef,
  options: OpenClusterOptions,
): Promise<OpenCluster> {
  const api = options.openKube(ref);
  const lazy = profile.nodes.map((target) => enterLater(target, options));
  return {
    accesses: new Map(lazy.map((access) => [access.node, options.wrap(access)])),
    unreachable: new Map(),
    ...(options.wrapKube === undefined ? {} : { kube: options.wrapKube(api) }),
    entered: () =>
      lazy
        .filter((access) => access.isOpen())
        .map(({ node, via, made = null }) => ({ target: node, via, made })),
    close: async () => {
      await Promise.allSettled(lazy.map((access) => access.close()));
    },
    leftovers: () => leftoversOf(lazy),
  };
}

function enterLater(target: NodeTarget, options: OpenClusterOptions): LazyAccess {
  return createLazyAccess({
    ...{ node: target.name, via: target.access.via },
    open: (closing) => enter(target, { ...options, signal: AbortSignal.any([options.signal, closing]) }),
  });
}

function leftoversOf(accesses: readonly NodeAccess[]): readonly string[] {
  return accesses.flatMap((access) => access.leftovers?.() ?? []);
}

async function enter(target: NodeTarget, options: OpenClusterOptions): Promise<NodeAccess> {
  const { allowed, reason } = options.isAllowed(target);
  if (!allowed) {
    throw new HopbookError("PERMISSION_DENIED", `Cannot log in to ${target.name}: ${reason}`, {
      // Nothing can be granted that the runbook does not declare.
      ...(/^the runbook declares no/.test(reason) && {
        hint: "Declare it under permissions in the runbook, as in node: {max: 4}",
      }),
    });
  }
  return openAccess(target, {
    signal: options.signal,
    openKube: options.openKube,
    ...(options.lease === undefined ? {} : { lease: options.lease }),
    ...(options.detached === undefined ? {} : { detached: options.detached }),
  });
}
