import type { NodeTarget, PodAccessConfig } from "../../model/access.js";
import type { KubePod } from "../facts/objects.js";

/** What stands for the node of a pod (`namespace/name`) where nobody says it: safe in a file's name, and no two are one. */
export function unknownNode(pod: string): string {
  return `node-of-${pod.replace("/", ".")}`;
}

/** What is needed of a pod to enter it alone. */
export type PodPlace = Pick<KubePod, "namespace" | "name">;

/**
 * Targets of pods that are entered alone, one each, however many ends they are. Each is called `namespace/name`: no node
 * can be, so that a pod is never taken for its node. Their order is that of the pods.
 */
export function podTargets(
  pods: readonly PodPlace[],
  configOf: (pod: PodPlace) => PodAccessConfig,
): readonly NodeTarget[] {
  const byName = new Map<string, NodeTarget>();
  for (const pod of pods) {
    const name = `${pod.namespace}/${pod.name}`;
    if (!byName.has(name)) byName.set(name, { name, pod: name, access: configOf(pod) });
  }
  return [...byName.values()];
}
