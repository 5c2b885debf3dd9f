import type { GuardedAccess } from "../../model/guarded-access.js";
import type { Pod } from "../../model/cluster.js";
import type { CrictlOptions } from "./crictl.js";
import { inspectPods } from "./inspect.js";
import { listContainers, type PodSummary } from "./sandboxes.js";

/**
 * What the runtime of one node says of several of its pods: PID, network namespace, addresses, containers, in the order
 * asked for; null for one that has gone meanwhile. Two questions, however many they are. Throws RUNTIME_UNAVAILABLE.
 */
export async function inspectPodsOfNode(
  access: GuardedAccess,
  summaries: readonly PodSummary[],
  options: CrictlOptions = {},
): Promise<readonly (Pod | null)[]> {
  // Sources other than crictl tell of containers with the pod.
  const asksContainers = summaries.some(({ source = "crictl" }) => source === "crictl");
  const [pods, containers] = await Promise.all([
    inspectPods(access, summaries, options),
    asksContainers ? listContainers(access, options) : null,
  ]);
  return pods.map((pod) => {
    const own = pod === null ? undefined : containers?.get(pod.sandboxId);
    return pod === null || own === undefined ? pod : { ...pod, containers: own };
  });
}
