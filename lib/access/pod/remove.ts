import { setTimeout as sleep } from "node:timers/promises";
import { asHopbookError, HopbookError, messageOf } from "../../errors.js";
import { isOurs } from "../../kube/index.js";
import type { KubeApi } from "../../model/kube.js";
import { JOBS, PODS } from "./start.js";
import type { PodState } from "./start-failure.js";

const POLL_MS = 100;
const GONE_WITHIN_MS = 5_000;

/** UIDs of what was made; null: nothing was; absent: it is not known. */
export interface MadeUids {
  readonly pod?: string | null;
  readonly job?: string | null;
}

/**
 * Deletes a pod and the Job that holds its lease, at once, and waits until the pod is gone. What has the name, but is not
 * what was made (by its UID; where that is not known, by its labels), is somebody else's and stays. Never rejects: what
 * could not be removed is said, a line each.
 */
export async function removePod(
  api: KubeApi,
  {
    namespace,
    name,
    uids = {},
  }: { readonly namespace: string; readonly name: string; readonly uids?: MadeUids },
): Promise<readonly string[]> {
  const [pod, job] = await Promise.all([
    removeOne(api, { of: PODS, kind: "pod", namespace, name, uid: uids.pod }),
    removeOne(api, { of: JOBS, kind: "job", namespace, name, uid: uids.job }),
  ]);
  if (pod.left.length > 0) return [...pod.left, ...job.left];
  if (pod.uid === null) return job.left;
  return [...job.left, ...(await waitUntilGone(api, { namespace, name, uid: pod.uid }))];
}

interface Removed {
  /** Of what was asked to go; null: there was nothing of ours. */
  readonly uid: string | null;
  readonly left: readonly string[];
}

const NOTHING: Removed = { uid: null, left: [] };

async function removeOne(
  api: KubeApi,
  one: {
    readonly of: typeof PODS | typeof JOBS;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string | null | undefined;
  },
): Promise<Removed> {
  const { of, kind, namespace, name } = one;
  const timeoutMs = GONE_WITHIN_MS;
  try {
    const uid = one.uid === undefined ? await findOurs(api, { of, namespace, name }) : one.uid;
    if (uid === null) return NOTHING;
    const body = { gracePeriodSeconds: 0, propagationPolicy: "Background", preconditions: { uid } };
    await api.request({ ...of, verb: "delete", namespace, name, body, timeoutMs });
    return { uid, left: [] };
  } catch (error) {
    // Where no Job was allowed, there is none to delete either.
    const neverMade = of === JOBS && error instanceof HopbookError && error.code === "KUBE_FORBIDDEN";
    if (isGone(error) || neverMade) return NOTHING;
    return { uid: null, left: [`${kind} ${namespace}/${name}: ${messageOf(error)}`] };
  }
}

/** Whether a deletion by UID failed since what was meant is not there, or its name is another's by now. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof HopbookError)) return false;
  const { code, message } = error;
  return code === "KUBE_NOT_FOUND" || (code === "KUBE_REFUSED" && /precondition/i.test(message));
}

async function findOurs(
  api: KubeApi,
  use: { readonly of: typeof PODS | typeof JOBS; readonly namespace: string; readonly name: string },
): Promise<string | null> {
  const { of, namespace, name } = use;
  const found = await api.request<PodState>({
    ...{ ...of, verb: "get", namespace, name },
    timeoutMs: GONE_WITHIN_MS,
  });
  return isOurs(found) ? (found.metadata?.uid ?? null) : null;
}

async function waitUntilGone(
  api: KubeApi,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): Promise<readonly string[]> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    try {
      const there = await api.request<PodState>({
        ...{ ...PODS, verb: "get", namespace, name },
        timeoutMs: GONE_WITHIN_MS,
      });
      if (there.metadata?.uid !== uid) return [];
    } catch (error) {
      if (error instanceof HopbookError && error.code === "KUBE_NOT_FOUND") return [];
      // Nobody can tell any more; the deletion itself was taken.
      return [`pod ${namespace}/${name}: deleted, but whether it is gone is unknown: ${messageOf(error)}`];
    }
    if (Date.now() >= deadline) {
      return [`pod ${namespace}/${name}: it is still being deleted after ${GONE_WITHIN_MS / 1000} s`];
    }
    await sleep(POLL_MS);
  }
}

/** What was made on the way to a failure and could not be taken away stands with it. */
export function withLeftovers(cause: unknown, leftovers: readonly string[]): HopbookError {
  const error = asHopbookError(cause);
  if (leftovers.length === 0) return error;
  const { code, message, where, hint } = error;
  const detail = [error.detail, ...leftovers.map((text) => `left behind: ${text}`)].filter(
    (text) => text !== undefined,
  );
  return new HopbookError(code, message, {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
    detail: detail.join("\n"),
    cause,
  });
}
