import type { ClusterFacts } from "../facts/gather.js";
import { inspectPods } from "../runtime/inspect.js";
import type { PodSummary } from "../runtime/sandboxes.js";

/** Pods with a network of their own that have an address, by what the nodes' runtimes say; those in the node's own are none. */
export async function findPodsByAddress(
  ip: string,
  facts: ClusterFacts,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<PodSummary[]> {
  const lists = await Promise.all(
    [...facts.accesses].map(async ([node, access]) => {
      const summaries = facts.pods.filter((pod) => pod.node === node);
      if (summaries.length === 0) return [];
      const endpoint = facts.profile.runtimeEndpoint;
      const pods = await inspectPods(access, summaries, { endpoint, signal: options.signal });
      return summaries.filter((_, index) => {
        const pod = pods[index];
        return pod !== undefined && pod !== null && !pod.hostNetwork && pod.ips.includes(ip);
      });
    }),
  );
  return lists.flat();
}
