import { parseEnd, selectPods, type SelectedPod } from "../../cluster/index.js";
import { asHopbookError } from "../../errors.js";
import type { StepContext } from "../../model/steps.js";
import { factsOf } from "../locate-pods.js";
import type { WatchedList } from "./changes.js";

/** A pod that fits, by its name and which one of that name it is. */
export interface FittingPod {
  readonly pod: string;
  readonly node: string;
  readonly uid: string;
  /** As it was found. */
  readonly selected: SelectedPod;
}

/** Texts that more pods may come to fit: all but a single pod's name, and all of a node's. */
export function growing(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => ["selector", "workload", "service"].includes(parseEnd(text).kind));
}

/** The API's lists of pods in which one shows that comes to fit; none where there is no API. */
export function listsOf(
  texts: readonly string[],
  { kube }: Pick<StepContext, "kube">,
): readonly WatchedList[] {
  if (kube === undefined) return [];
  const lists = growing(texts).map((text): WatchedList => {
    const end = parseEnd(text);
    const namespace = ("namespace" in end ? end.namespace : null) ?? kube.namespace;
    const query = end.kind === "selector" ? { query: { labelSelector: end.selector } } : {};
    return { group: "", version: "v1", resource: "pods", namespace, ...query };
  });
  return [...new Map(lists.map((list) => [JSON.stringify(list), list])).values()];
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
  for (const selected of lists.flat()) {
    const { namespace, name, node, uid, hostNetwork } = selected;
    if (node === null || hostNetwork === true) continue;
    const pod = `${namespace}/${name}`;
    found.set(`${pod} ${uid}`, { pod, node, uid, selected });
  }
  return [...found.values()];
}
