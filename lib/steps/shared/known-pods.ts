import type { GuardedAccess } from "../../model/guarded-access.js";
import type { FoundPod } from "../locate-pods.js";

/** What pod/locate found in a run, by the run's ways in: a step that is handed a pod uses what was found, and not what it is told. */
const known = new WeakMap<ReadonlyMap<string, GuardedAccess>, Map<string, FoundPod>>();

export function rememberPods(accesses: ReadonlyMap<string, GuardedAccess>, pods: readonly FoundPod[]): void {
  const own = known.get(accesses) ?? new Map<string, FoundPod>();
  known.set(accesses, own);
  for (const pod of pods) if (pod.found !== null) own.set(keyOf(pod, pod.found.pod.sandboxId), pod);
}

export function recallPod(
  accesses: ReadonlyMap<string, GuardedAccess>,
  pod: string,
  sandbox: string,
): FoundPod | undefined {
  return known.get(accesses)?.get(`${pod} ${sandbox}`);
}

function keyOf({ namespace, name }: FoundPod, sandbox: string): string {
  return `${namespace}/${name} ${sandbox}`;
}
