import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError, messageOf } from "../errors.js";
import type { KubeApi } from "../model/kube.js";
import { JOBS, PODS } from "./podstart.js";

const POLL_MS = 100;
const GONE_WITHIN_MS = 5_000;

/**
 * Deletes a pod and the Job that holds its lease, at once, and waits until the pod is gone. Never rejects: what could
 * not be removed is said, a line each.
 */
export async function removePod(
  api: KubeApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<readonly string[]> {
  const timeoutMs = GONE_WITHIN_MS;
  const remove = async (of: typeof PODS | typeof JOBS, kind: string): Promise<string[]> => {
    const body = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
    try {
      await api.request({ ...of, verb: "delete", namespace, name, body, timeoutMs });
      return [];
    } catch (error) {
      // Where no Job was allowed, there is none to delete either.
      const absent = error instanceof HopbookError && error.code === "KUBE_NOT_FOUND";
      const neverMade = of === JOBS && error instanceof HopbookError && error.code === "KUBE_FORBIDDEN";
      return absent || neverMade ? [] : [`${kind} ${namespace}/${name}: ${messageOf(error)}`];
    }
  };
  const [pod, job] = await Promise.all([remove(PODS, "pod"), remove(JOBS, "job")]);
  if (pod.length > 0) return [...pod, ...job];
  const deadline = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    try {
      await api.request({ ...PODS, verb: "get", namespace, name, timeoutMs });
    } catch (error) {
      if (error instanceof HopbookError && error.code === "KUBE_NOT_FOUND") return job;
      // Nobody can tell any more; the deletion itself was taken.
      return [
        ...job,
        `pod ${namespace}/${name}: deleted, but whether it is gone is unknown: ${messageOf(error)}`,
      ];
    }
    if (Date.now() >= deadline) {
      return [...job, `pod ${namespace}/${name}: it is still being deleted after ${GONE_WITHIN_MS / 1000} s`];
    }
    await sleep(POLL_MS);
  }
}
