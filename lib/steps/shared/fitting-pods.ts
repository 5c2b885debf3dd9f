import { parseEnd, selectPods } from "../../cluster/index.js";
import { asHopbookError } from "../../errors.js";
import type { StepContext } from "../../model/steps.js";
import { factsOf } from "../locate-pods.js";

/** A pod that fits, by its name and which one of that name it is. */
export interface FittingPod {
  readonly pod: string;
  readonly node: string;
  readonly uid: string;
}

/** Texts that more pods may come to fit: all but a single pod's name, and all of a node's. */
export function growing(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => ["selector", "workload", "service"].includes(parseEnd(text).kind));
}

/** Pods that fit any of the texts by now and run on a node; a text that none fits has none. Throws what is no answer at all. */
export async function fittingPods(
  texts: readonly string[],
  context: Pick<
    StepContext,
    "profile" | "unreachable" | "kube" | "recipeDirs" | "signal" | "note" | "accesses"
  >,
): Promise<readonly FittingPod[]> {
  const facts = await factsOf(context);
  const options = { signal: context.signal, note: () => undefined };
  const lists = await Promise.all(
    texts.map((text) =>
      selectPods([text], facts, options).catch((error: unknown) => {
        if (asHopbookError(error).code !== "TARGET_NOT_FOUND") throw error;
        return [];
      }),
    ),
  );
  const found = new Map<string, FittingPod>();
  for (const { namespace, name, node, uid, hostNetwork } of lists.flat()) {
    if (node === null || hostNetwork === true) continue;
    const pod = `${namespace}/${name}`;
    found.set(`${pod} ${uid}`, { pod, node, uid });
  }
  return [...found.values()];
}
