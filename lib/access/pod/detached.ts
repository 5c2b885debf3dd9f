import { setTimeout as sleep } from "node:timers/promises";
import { asHopbookError, HopbookError, messageOf } from "../../errors.js";
import { leaseLabels } from "../../kube/index.js";
import { DETACHED_LABEL, OWNER_LABEL, type KubeApi, type Lease } from "../../model/kube.js";
import { BEAT_MS, buildDetachedJob, HOLD_ARGV, HOLD_NAME } from "./detached-job.js";
import { DEBUG_CONTAINER, type DebugPodPlan, type ObjectRef } from "./spec.js";
import { isGone, removePod, withLeftovers } from "./remove.js";
import { assertWanted, JOBS, listEvents, PODS, waitUntilRuns, type PodStartOptions } from "./start.js";
import { hintOfRefusal } from "./start-failure.js";

/** A pod in which captures go on, or are to go on, without their client. */
export interface DetachedPod {
  /** null: none that runs. */
  readonly pod: ObjectRef | null;
  /** The Job that runs it; null where there is none, or it may not be looked for. */
  readonly job: ObjectRef | null;
}

interface HeldPod extends DetachedPod {
  readonly pod: ObjectRef;
  readonly job: ObjectRef;
  /** Leaves the pod to itself: it stays while there are captures to tend. */
  readonly release: () => void;
}

const POLL_MS = 150;
const EVENTS_AFTER_MS = 1_000;
const JOB_OF_POD = "batch.kubernetes.io/job-name";

interface PodOfJob {
  readonly metadata: ObjectRef & {
    readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
  };
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
  const { namespace, node, lease } = plan;
  const manifest = buildDetachedJob(plan, options);
  assertWanted(options);
  let job: ObjectRef;
  try {
    // Not to be interrupted: what was asked for must be known to be there, or it could not be taken away.
    const { metadata } = await api.request<{ readonly metadata: ObjectRef }>({
      ...{ ...JOBS, verb: "create", namespace, body: manifest },
    });
    job = { name: metadata.name, uid: metadata.uid };
  } catch (error) {
    throw explainRefusal(asHopbookError(error), { node, namespace });
  }
  try {
    if (await lease.made?.remember(`uid ${job.uid}`)) await lease.made?.remember(`run ${lease.runId}`);
    const pod = await findPodOf(api, { namespace, job, ...options });
    await waitUntilRuns(api, { metadata: { namespace, name: pod.name } }, options);
    const release = await holdPod(api, { namespace, pod: pod.name, signal: options.signal });
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
  use: PodStartOptions & { readonly namespace: string; readonly job: ObjectRef },
): Promise<ObjectRef> {
  const { namespace, job, node, deadline, signal } = use;
  const startedAt = Date.now();
  for (;;) {
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    assertWanted(use);
    const [pod] = await listPodsOf(api, { namespace, job });
    if (pod !== undefined) return refOf(pod);
    const now = Date.now();
    if (now - startedAt < EVENTS_AFTER_MS) continue;
    const events = await listEvents(api, { namespace, name: job.name, signal });
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

/** Its pods by the controller's own reference: a label is put on by anybody who may make pods there. */
async function listPodsOf(
  api: KubeApi,
  { namespace, job }: { readonly namespace: string; readonly job: ObjectRef },
): Promise<readonly PodOfJob[]> {
  const query = { labelSelector: `${JOB_OF_POD}=${job.name}` };
  const pods = await api.list<PodOfJob>({ ...PODS, namespace, query });
  return pods.filter((pod) => isOf(pod, job));
}

function isOf({ metadata }: PodOfJob, job: ObjectRef): boolean {
  const owners = metadata.ownerReferences ?? [];
  return owners.some(({ uid, controller }) => uid === job.uid && controller === true);
}

function refOf({ metadata: { name, uid } }: { readonly metadata: ObjectRef }): ObjectRef {
  return { name, uid };
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

/**
 * What a run left on a node: the Job that this user made for it, by the UID that was remembered; of another user's run a Job
 * as hopbook makes them, where there is but one; and its own pod. A Job whose pod is just being
 * replaced has none that runs; a pod that only has the labels is nobody's here.
 */
export async function findDetachedPod(api: KubeApi, plan: DebugPodPlan): Promise<DetachedPod> {
  const { namespace } = plan;
  const job = await findJob(api, plan);
  if (job === null) return { pod: null, job: null };
  const pods = await listPodsOf(api, { namespace, job });
  const pod = pods.find(({ status }) => status?.phase === "Running");
  return { pod: pod === undefined ? null : refOf(pod), job };
}

interface JobOfNode {
  readonly metadata: ObjectRef;
  readonly spec?: {
    readonly template?: {
      readonly spec?: {
        readonly nodeName?: string;
        readonly hostPID?: boolean;
        readonly hostNetwork?: boolean;
        readonly containers?: readonly { readonly name?: string; readonly command?: readonly string[] }[];
      };
    };
  };
}

async function findJob(api: KubeApi, plan: DebugPodPlan): Promise<ObjectRef | null> {
  const { lease, namespace } = plan;
  const labels = Object.entries({ ...leaseLabels(lease), [DETACHED_LABEL]: "true" }).filter(
    ([key]) => key !== OWNER_LABEL,
  );
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(",");
  try {
    const jobs = await api.list<JobOfNode>({ ...JOBS, namespace, query: { labelSelector } });
    const [job, ...others] = await keepOwn(
      jobs.filter((each) => isOurMaking(each, plan)),
      lease,
    );
    return job === undefined || others.length > 0 ? null : refOf(job);
  } catch (error) {
    if (error instanceof HopbookError && error.code === "KUBE_FORBIDDEN") return null;
    throw error;
  }
}

/** Anybody who may make Jobs there can make one that looks like it: of a run of this user's own they are told apart. */
async function keepOwn(jobs: readonly JobOfNode[], { runId, made }: Lease): Promise<readonly JobOfNode[]> {
  if (made === undefined || !(await made.isMine(`run ${runId}`))) return jobs;
  const isMine = await Promise.all(jobs.map(({ metadata }) => made.isMine(`uid ${metadata.uid}`)));
  return jobs.filter((_, index) => isMine[index]);
}

/** Its image and the text of its script are those of whoever left it, maybe by another version. */
function isOurMaking({ spec }: JobOfNode, { node, lease }: DebugPodPlan): boolean {
  const pod = spec?.template?.spec;
  const [container, ...others] = pod?.containers ?? [];
  const [shell, option, , name, run] = container?.command ?? [];
  return (
    pod?.nodeName === node &&
    pod.hostPID === true &&
    pod.hostNetwork === true &&
    others.length === 0 &&
    container?.name === DEBUG_CONTAINER &&
    [shell, option, name, run].join(" ") === ["sh", "-c", HOLD_NAME, lease.runId].join(" ")
  );
}

/**
 * Deletes the Job first, which would make another pod; both by their UIDs. Never rejects: what could not be removed is
 * said, a line each.
 */
export async function removeDetached(
  api: KubeApi,
  { namespace, pod, job }: DetachedPod & { readonly namespace: string },
): Promise<readonly string[]> {
  const left: string[] = [];
  const pods = new Map(pod === null ? [] : [[pod.uid, pod.name]]);
  if (job !== null) {
    try {
      const preconditions = { uid: job.uid };
      const body = { gracePeriodSeconds: 0, propagationPolicy: "Background", preconditions };
      await api.request({ ...JOBS, verb: "delete", namespace, name: job.name, body });
    } catch (error) {
      if (!isGone(error)) left.push(`job ${namespace}/${job.name}: ${messageOf(error)}`);
    }
    for (const each of await listPodsOf(api, { namespace, job }).catch(() => []))
      pods.set(each.metadata.uid, each.metadata.name);
  }
  const ended = await Promise.all(
    [...pods].map(([uid, name]) => removePod(api, { namespace, name, uids: { pod: uid, job: null } })),
  );
  return [...left, ...ended.flat()];
}
