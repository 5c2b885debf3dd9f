import { leaseAnnotations, leaseLabels, expiryOf } from "../../kube/index.js";
import { MANAGED_BY, MANAGED_BY_LABEL, OWNER_LABEL, type KubeApi } from "../../model/kube.js";
import { DEBUG_CONTAINER, imageOf, SPEC_LABEL, specHash, type DebugPodPlan } from "./spec.js";
import { removePod } from "./remove.js";
import { JOBS, PODS } from "./start.js";
import { judgePod, type PodState } from "./start-failure.js";

/** A warm pod that ends sooner is as good as gone: its next use might come too late. */
const LEAST_LEFT_MS = 5_000;

interface WarmPod extends PodState {
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostPID?: boolean;
    readonly activeDeadlineSeconds?: number;
    readonly containers?: readonly { readonly name?: string; readonly image?: string }[];
  };
}

/** A pod with the Job that ends it, which has its name. */
export interface WarmRef {
  readonly name: string;
  readonly uids: { readonly pod: string; readonly job: string };
}

/**
 * A pod that an earlier run of this user left for this one, made of the same things; its lease is now this run's. Both it and
 * its Job are those that this user made, by their UIDs. null where there is none, or it may not be taken: then one is made.
 */
export async function takeWarmPod(api: KubeApi, plan: DebugPodPlan): Promise<WarmRef | null> {
  const { namespace, lease, node, config } = plan;
  const labels = {
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [OWNER_LABEL]: leaseLabels(lease)[OWNER_LABEL],
    [SPEC_LABEL]: specHash(config, node),
  };
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  try {
    const pods = await api.list<WarmPod>({ ...PODS, namespace, query: { labelSelector } });
    for (const pod of pods) {
      const { name, uid } = pod.metadata ?? {};
      if (name === undefined || uid === undefined || !isUsable(pod, { ...plan, now: api.nowMs() })) continue;
      if (lease.made === undefined || !(await lease.made.isMine(`uid ${uid}`))) continue;
      const job = await renewLease(api, { plan, name, pod: uid, durationMs: lease.durationMs });
      if (job !== null) return { name, uids: { pod: uid, job } };
    }
  } catch {
    // To look for one is to save time; why it failed is told by the making of a new one.
  }
  return null;
}

/**
 * Leaves a pod for `keepWarmMs` more; where that cannot be arranged, or not be remembered, it is removed. What could not be
 * removed.
 */
export async function leaveWarm(
  api: KubeApi,
  { plan, name, uids }: WarmRef & { readonly plan: DebugPodPlan },
): Promise<readonly string[]> {
  const durationMs = plan.config.keepWarmMs ?? 0;
  const { made } = plan.lease;
  try {
    const isKnown =
      made !== undefined &&
      (await made.remember(`uid ${uids.pod}`)) &&
      (await made.remember(`uid ${uids.job}`));
    if (isKnown && (await renewLease(api, { plan, name, pod: uids.pod, durationMs })) !== null) return [];
  } catch {
    // Then it goes.
  }
  return removePod(api, { namespace: plan.namespace, name, uids });
}

/** Labels can be put on by anybody who may make pods there, so what they stand on is looked at as well. */
function isUsable(pod: WarmPod, { node, config, lease, now }: DebugPodPlan): boolean {
  const { spec } = pod;
  const [container, ...others] = spec?.containers ?? [];
  const isOurMaking =
    spec?.nodeName === node &&
    spec.hostPID === true &&
    others.length === 0 &&
    container?.name === DEBUG_CONTAINER &&
    container.image === imageOf(config);
  const endsAt = Date.parse(pod.status?.startTime ?? "") + (spec?.activeDeadlineSeconds ?? Infinity) * 1000;
  return (
    isOurMaking &&
    judgePod(pod).is === "running" &&
    (expiryOf(pod) ?? 0) > now + LEAST_LEFT_MS &&
    endsAt > now + lease.durationMs
  );
}

interface JobOfPod {
  readonly metadata: { readonly uid: string };
  readonly status?: { readonly startTime?: string };
}

interface Renewal {
  readonly plan: DebugPodPlan;
  readonly name: string;
  /** Its UID. */
  readonly pod: string;
  readonly durationMs: number;
}

/**
 * Lets the Job, and with it the pod, end `durationMs` from now; the Job's UID, or null where there is no such Job of this
 * user's any more. A UID in what is patched is a precondition.
 */
async function renewLease(api: KubeApi, { plan, name, pod, durationMs }: Renewal): Promise<string | null> {
  const { namespace, lease } = plan;
  const job = await api.request<JobOfPod>({
    ...JOBS,
    verb: "get",
    namespace,
    name,
  });
  const { uid } = job.metadata;
  const startedAt = Date.parse(job.status?.startTime ?? "");
  if (Number.isNaN(startedAt) || (await lease.made?.isMine(`uid ${uid}`)) !== true) return null;
  // The Job's deadline counts from a time by the server's clock.
  const now = api.nowMs();
  const mine = { ...lease, durationMs };
  const metadata = { labels: leaseLabels(mine), annotations: leaseAnnotations(mine, now) };
  const activeDeadlineSeconds = Math.max(1, Math.ceil((now - startedAt + durationMs) / 1000));
  await api.request({
    ...JOBS,
    verb: "patch",
    namespace,
    name,
    body: { metadata: { ...metadata, uid }, spec: { activeDeadlineSeconds } },
  });
  await api.request({
    ...PODS,
    verb: "patch",
    namespace,
    name,
    body: { metadata: { ...metadata, uid: pod } },
  });
  return uid;
}
