import { setTimeout as sleep } from "node:timers/promises";
import { asHopbookError, HopbookError, messageOf } from "../../errors.js";
import { leaseLabels } from "../../kube/index.js";
import { DETACHED_LABEL, OWNER_LABEL, type KubeApi } from "../../model/kube.js";
import { BEAT_MS, buildDetachedJob, HOLD_ARGV } from "./detached-job.js";
import { DEBUG_CONTAINER, type DebugPodPlan } from "./spec.js";
import { removePod, withLeftovers } from "./remove.js";
import { assertWanted, JOBS, listEvents, PODS, waitUntilRuns, type PodStartOptions } from "./start.js";
import { hintOfRefusal } from "./start-failure.js";

/** A pod in which captures go on, or are to go on, without their client. */
export interface DetachedPod {
  /** null: none that runs. */
  readonly pod: string | null;
  /** The Job that runs it; null where it has none, or it may not be looked for. */
  readonly job: string | null;
}

interface HeldPod extends DetachedPod {
  readonly pod: string;
  readonly job: string;
  /** Leaves the pod to itself: it stays while there are captures to tend. */
  readonly release: () => void;
}

const POLL_MS = 150;
const EVENTS_AFTER_MS = 1_000;
const JOB_OF_POD = "batch.kubernetes.io/job-name";

interface PodOfJob {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: { readonly phase?: string };
}

/**
 * Makes the Job, waits until its pod runs, and holds that. Rejects with KUBE_FORBIDDEN where no Job may be made, with
 * KUBE_REFUSED in the API's own words, POD_NOT_STARTED, INTERRUPTED; nothing is then left.
 */
export async function makeDetachedPod(
  api: KubeApi,
  plan: DebugPodPlan,
  options: PodStartOptions & { readonly workDir: string },
): Promise<HeldPod> {
  const { namespace, node } = plan;
  const manifest = buildDetachedJob(plan, options);
  const job = manifest.metadata.name;
  assertWanted(options);
  try {
    // Not to be interrupted: what was asked for must be known to be there, or it could not be taken away.
    await api.request({ ...JOBS, verb: "create", namespace, body: manifest });
  } catch (error) {
    throw explainRefusal(asHopbookError(error), { node, namespace });
  }
  try {
    const pod = await findPodOf(api, { namespace, job, ...options });
    await waitUntilRuns(api, { metadata: { namespace, name: pod } }, options);
    const release = await holdPod(api, { namespace, pod, signal: options.signal });
    return { pod, job, release };
  } catch (error) {
    throw withLeftovers(error, await removeDetached(api, { namespace, pod: null, job }));
  }
}

function explainRefusal(
  error: HopbookError,
  { node, namespace }: { readonly node: string; readonly namespace: string },
): HopbookError {
  const { code, message, hint } = error;
  const isForbidden = code === "KUBE_FORBIDDEN";
  const said = isForbidden
    ? `Cannot detach: Kubernetes runs what is left on ${node} as a Job, and you may make none in namespace ${namespace}`
    : message;
  const what = isForbidden
    ? "Ask for the right to create jobs.batch there, or run it without --detach"
    : (hintOfRefusal(message) ?? hint);
  return new HopbookError(code, said, {
    where: { node },
    ...(what === undefined ? {} : { hint: what }),
    ...(isForbidden ? { detail: message } : {}),
    cause: error,
  });
}

/** The pod that the Job controller made; where it is refused one, the Job's events say why. */
async function findPodOf(
  api: KubeApi,
  use: PodStartOptions & { readonly namespace: string; readonly job: string },
): Promise<string> {
  const { namespace, job, node, deadline, signal } = use;
  const startedAt = Date.now();
  for (;;) {
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    assertWanted(use);
    const [pod] = await listPodsOf(api, { namespace, job });
    if (pod !== undefined) return pod.metadata.name;
    const now = Date.now();
    if (now - startedAt < EVENTS_AFTER_MS) continue;
    const events = await listEvents(api, { namespace, name: job, signal });
    const refusal = events.findLast(({ reason }) => reason === "FailedCreate")?.message;
    if (refusal === undefined && now < deadline) continue;
    const why = refusal ?? "its Job made none yet: is the cluster's Job controller running?";
    const hint = hintOfRefusal(why);
    const code = refusal === undefined ? "POD_NOT_STARTED" : "KUBE_REFUSED";
    throw new HopbookError(code, `Cannot start a debug pod on ${node}: ${why}`, {
      where: { node },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

async function listPodsOf(
  api: KubeApi,
  { namespace, job }: { readonly namespace: string; readonly job: string },
): Promise<readonly PodOfJob[]> {
  return api.list<PodOfJob>({ ...PODS, namespace, query: { labelSelector: `${JOB_OF_POD}=${job}` } });
}

/** Says to the pod, as long as this client lives, that it does. */
async function holdPod(
  api: KubeApi,
  use: { readonly namespace: string; readonly pod: string; readonly signal: AbortSignal | undefined },
): Promise<() => void> {
  const ignore = (): void => undefined;
  const exec = await api.exec({
    ...{ ...use, container: DEBUG_CONTAINER, argv: HOLD_ARGV, stdin: true },
    ...{ onStdout: ignore, onStderr: ignore, signal: undefined },
  });
  exec.write("held\n");
  const beat = setInterval(() => {
    exec.write("held\n");
  }, BEAT_MS);
  beat.unref();
  void exec.done.then(() => {
    clearInterval(beat);
  });
  return () => {
    clearInterval(beat);
    exec.close();
  };
}

/** What a run left on a node, by whomever. A Job whose pod is just being replaced has none that runs. */
export async function findDetachedPod(api: KubeApi, plan: DebugPodPlan): Promise<DetachedPod> {
  const { lease, node, namespace } = plan;
  const labels = Object.entries({ ...leaseLabels(lease), [DETACHED_LABEL]: "true" }).filter(
    ([key]) => key !== OWNER_LABEL,
  );
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(",");
  const pods = await api.list<PodOfJob>({
    ...{ ...PODS, namespace },
    query: { labelSelector, fieldSelector: `spec.nodeName=${node}` },
  });
  const pod = pods.find(({ status }) => status?.phase === "Running");
  const job = (pod ?? pods[0])?.metadata.labels?.[JOB_OF_POD];
  const name = job ?? (await findJob(api, { namespace, node, labelSelector }));
  return { pod: pod?.metadata.name ?? null, job: name };
}

interface JobOfNode {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec?: { readonly nodeName?: string } } };
}

async function findJob(
  api: KubeApi,
  use: { readonly namespace: string; readonly node: string; readonly labelSelector: string },
): Promise<string | null> {
  const { namespace, node, labelSelector } = use;
  try {
    const jobs = await api.list<JobOfNode>({ ...JOBS, namespace, query: { labelSelector } });
    const job = jobs.find(({ spec }) => spec?.template?.spec?.nodeName === node);
    return job?.metadata.name ?? null;
  } catch (error) {
    if (error instanceof HopbookError && error.code === "KUBE_FORBIDDEN") return null;
    throw error;
  }
}

/** Deletes the Job first, which would make another pod. Never rejects: what could not be removed is said, a line each. */
export async function removeDetached(
  api: KubeApi,
  { namespace, pod, job }: DetachedPod & { readonly namespace: string },
): Promise<readonly string[]> {
  const left: string[] = [];
  const names = new Set(pod === null ? [] : [pod]);
  if (job !== null) {
    try {
      const body = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
      await api.request({ ...JOBS, verb: "delete", namespace, name: job, body });
    } catch (error) {
      const isGone = error instanceof HopbookError && error.code === "KUBE_NOT_FOUND";
      if (!isGone) left.push(`job ${namespace}/${job}: ${messageOf(error)}`);
    }
    const pods = await listPodsOf(api, { namespace, job }).catch(() => []);
    for (const { metadata } of pods) names.add(metadata.name);
  }
  const ended = await Promise.all([...names].map((name) => removePod(api, { namespace, name })));
  return [...left, ...ended.flat()];
}
