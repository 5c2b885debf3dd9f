import { leaseLabels } from "../kube/index.js";
import { DETACHED_LABEL, type KubeApi } from "../model/kube.js";
import type { DebugPodPlan, PodManifest } from "./podspec.js";
import { PODS } from "./podstart.js";

/** A pod in which captures go on without their client: told from those of attended runs by its label. */
export function markDetached(pod: PodManifest): PodManifest {
  const { metadata } = pod;
  return { ...pod, metadata: { ...metadata, labels: { ...metadata.labels, [DETACHED_LABEL]: "true" } } };
}

/** The pod that a run left on a node; null where there is none that runs. */
export async function findDetachedPod(api: KubeApi, plan: DebugPodPlan): Promise<string | null> {
  const { lease, node, namespace } = plan;
  // Whoever collects it may be another user.
  const labels = Object.entries({ ...leaseLabels(lease), [DETACHED_LABEL]: "true" }).filter(
    ([key]) => !key.endsWith("/owner"),
  );
  const pods = await api.list<{ metadata: { name: string }; status?: { phase?: string } }>({
    ...{ ...PODS, namespace },
    query: {
      labelSelector: labels.map(([key, value]) => `${key}=${value}`).join(","),
      fieldSelector: `spec.nodeName=${node}`,
    },
  });
  return pods.find(({ status }) => status?.phase === "Running")?.metadata.name ?? null;
}
