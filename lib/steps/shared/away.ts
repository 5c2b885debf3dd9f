import { listPods, planListings } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import { targetOf } from "../../model/hops.js";
import type { PointsFile } from "../../model/points.js";
import type { PlannedCommand, StepContext } from "../../model/steps.js";
import { fittingPods } from "./fitting-pods.js";

type Point = PointsFile["points"][number];

/** With which nodes are asked whether a pod is gone; nothing where captures go on without a client, or the API tells. */
export function planAsking(
  points: readonly Point[],
  { profile, detach, kube }: Pick<StepContext, "profile" | "detach" | "kube">,
): readonly PlannedCommand[] {
  if (detach !== undefined || kube !== undefined) return [];
  const own = points.filter(({ pod, netns }) => pod !== null && netns.kind === "path");
  const nodes = [...new Set(own.map((point) => targetOf(point)))];
  return nodes.flatMap((node) =>
    planListings({ endpoint: profile.runtimeEndpoint }).map((argv) => ({
      ...{ node, action: "runtime/pods", effect: "read", argv },
      condition: "only where the interface of a pod goes while it is captured",
    })),
  );
}

/**
 * Whether the API, or where there is none the node's runtime, has no such pod there any more. Rejects where it cannot be
 * asked.
 */
export async function isPodAway(point: Point, context: StepContext): Promise<boolean> {
  const { accesses, profile, signal, kube } = context;
  const { pod, node } = point;
  if (kube !== undefined) {
    const found = await fittingPods([pod ?? ""], context);
    return !found.some((each) => each.node === node);
  }
  const access = accesses.get(targetOf(point));
  if (access === undefined) throw new HopbookError("NODE_UNREACHABLE", `${node} is not open`);
  const pods = await listPods(access, { endpoint: profile.runtimeEndpoint, signal });
  return !pods.some(({ namespace, name }) => `${namespace}/${name}` === pod);
}
