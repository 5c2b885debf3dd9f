import { asHopbookError, type HopbookError } from "../../errors.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { Naming } from "../../model/naming.js";
import type { KubeReader } from "../../model/kube.js";
import { listPods, type PodSummary } from "../runtime/sandboxes.js";
import type { LoadedProfile } from "../profile/profile.js";

/** What the nodes say of the cluster. A node that could not be asked stands in `failures`. */
export interface ClusterFacts {
  readonly profile: LoadedProfile;
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  readonly pods: readonly PodSummary[];
  /** Why a node was not asked, by its name. */
  readonly failures: ReadonlyMap<string, HopbookError>;
  /** The cluster's API; then what is where is asked there, and `pods` is empty. */
  readonly kube?: KubeReader;
  /** By which names a node's NAT table tells of Services. */
  readonly namings: readonly Naming[];
}

interface GatherOptions {
  /** Nodes that could not be reached before. */
  readonly unreachable?: ReadonlyMap<string, Error>;
  readonly kube?: KubeReader | undefined;
  /** Default: none. */
  readonly namings?: readonly Naming[];
  readonly signal?: AbortSignal | undefined;
}

/** Asks all nodes at once for their pods, where there is no API to say what is where; a failure of one node does not end the others. */
export async function gatherFacts(
  profile: LoadedProfile,
  accesses: ReadonlyMap<string, GuardedAccess>,
  options: GatherOptions = {},
): Promise<ClusterFacts> {
  const failures = new Map<string, HopbookError>();
  for (const [node, error] of options.unreachable ?? []) failures.set(node, asHopbookError(error));
  const { kube, namings = [] } = options;
  if (kube !== undefined) return { profile, accesses, pods: [], failures, kube, namings };
  const lists = await Promise.all(
    [...accesses].map(async ([node, access]) => {
      try {
        return await listPods(access, { endpoint: profile.runtimeEndpoint, signal: options.signal });
      } catch (error) {
        const failure = asHopbookError(error);
        // Neither is a node's failure: the person or the permissions said no.
        if (failure.code === "INTERRUPTED" || failure.code === "PERMISSION_DENIED") throw failure;
        failures.set(node, failure);
        return [];
      }
    }),
  );
  return { profile, accesses, pods: lists.flat(), failures, namings };
}

/** "node-b was not asked: Cannot …", one line a node; empty where all answered. */
export function describeFailures(facts: ClusterFacts): string {
  return [...facts.failures].map(([node, error]) => `${node} was not asked: ${error.message}`).join("\n");
}
