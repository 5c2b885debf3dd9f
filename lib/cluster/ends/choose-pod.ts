import { HopbookError } from "../../errors.js";
import type { KubePod } from "../facts/objects.js";
import { showText } from "../names.js";

interface Choice {
  readonly pod: KubePod;
  /** Said where there was a choice. */
  readonly note: string | null;
}

/**
 * One pod of several, the same one every time: of those that run the first by name, a ready one before others, one on
 * another node than `away` before all. Throws TARGET_NOT_FOUND with what keeps each from running.
 */
export function choosePod(
  pods: readonly KubePod[],
  { text, away }: { readonly text: string; readonly away: string | null },
): Choice {
  const sound = pods.filter((pod) => whyUnusable(pod) === null && !pod.isEnding);
  const rank = (pod: KubePod): number => (pod.node === away ? 2 : 0) + (pod.isReady ? 0 : 1);
  const sorted = sound.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  const [pod] = sorted;
  if (pod === undefined) {
    const detail = pods
      .map((each) => `${nameOf(each)}: ${whyUnusable(each) ?? "it is being deleted"}`)
      .slice(0, 8);
    const why = pods.length === 0 ? "there is none" : `none of its ${pods.length} pods runs`;
    throw new HopbookError("TARGET_NOT_FOUND", `Cannot find a pod of ${showText(text)}: ${why}`, {
      hint: "see what becomes of them: kubectl get pods -o wide",
      ...(detail.length === 0 ? {} : { detail: detail.join("\n") }),
    });
  }
  if (sorted.length === 1) return { pod, note: null };
  const elsewhere = away !== null && pod.node !== away ? `, which is not on ${away} as the other end is` : "";
  const note = `${text}: of ${sorted.length} pods ${nameOf(pod)} on ${pod.node ?? "no node"} is taken${elsewhere}`;
  return { pod, note };
}

/** Why nothing can be looked at in a pod; null where its sandbox should be there. */
export function whyUnusable(pod: KubePod): string | null {
  if (pod.trouble !== null) return pod.trouble;
  return pod.node === null ? "it is on no node yet" : null;
}

export function nameOf({ namespace, name }: Pick<KubePod, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}
