import type { StepContext } from "../../model/steps.js";
import { placeInPod } from "../capture-points.js";
import { locateToCapture, type FoundPod } from "../locate-pods.js";
import type { FittingPod } from "../shared/fitting-pods.js";
import { freeId, joinPoints, say, type Joining, type Point } from "./join-points.js";

export interface JoiningPods extends Joining {
  /** null: the pod's own. */
  readonly interface: string | null;
}

/**
 * Captures the pods of one node as well, by an agent of their own. Gives back which;
 * rejects with why not, and then nothing of it is left.
 */
export async function joinPods(
  node: string,
  pods: readonly FittingPod[],
  { joining, context }: { readonly joining: JoiningPods; readonly context: StepContext },
): Promise<readonly string[]> {
  let found: readonly FoundPod[] = [];
  const hasJoined = await joinPoints(
    node,
    async (taken) => {
      const selected = pods.map((each) => each.selected);
      found = await locateToCapture(node, selected, context);
      return pointsOf(found, { joining, taken });
    },
    { joining, context },
  );
  if (!hasJoined) return [];
  joining.held.logs.add(found, context);
  const names = found.map(({ namespace, name }) => `${namespace}/${name}`);
  for (const name of names) {
    await say({ kind: "joined", text: `pod ${name} on ${node} came; it is captured from now on` }, context);
  }
  return names;
}

function pointsOf(
  found: readonly FoundPod[],
  { joining, taken }: { readonly joining: JoiningPods; readonly taken: ReadonlySet<string> },
): readonly Point[] {
  return found.map((pod) => {
    const place = placeInPod(pod, joining.interface);
    // Another one of the same name has files of its own.
    const id = freeId(place.id, taken);
    return { ...place, id, filter: joining.held.filter, pcap: `captures/${place.node}/${id}.pcap` };
  });
}
