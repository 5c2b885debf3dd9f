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

/**
 * The name of a pod that an earlier run of the same owner left for this one, made of the same things; its lease is now
 * this run's. null where there is none, or it may not be taken: then one is made.
 */
export async function takeWarmPod(api: KubeApi, plan: DebugPodPlan): Promise<string | null> {
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
      const name = pod.metadata?.name;
      if (name === undefined || !isUsable(pod, { ...plan, now: api.nowMs() })) continue;
      if (await renewLease(api, { plan, name, durationMs: lease.durationMs })) return name;
    }
  } catch {
    // To look for one is to save time; why it failed is told by the making of a new one.
  }
  return null;
}

/** Leaves a pod for `keepWarmMs` more; where that cannot be arranged it is removed. What could not be removed. */
export async function leaveWarm(
  api: KubeApi,
  { plan, name }: { readonly plan: DebugPodPlan; readonly name: string },
): Promise<readonly string[]> {
  const durationMs = plan.config.keepWarmMs ?? 0;
  try {
    if (await renewLease(api, { plan, name, durationMs })) return [];
  } catch {
    // Then it goes.
  }
  return removePod(api, { namespace: plan.namespace, name });
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

interface Renewal {
  readonly plan: DebugPodPlan;
  readonly name: string;
  readonly durationMs: number;
}

/** Lets the Job, and with it the pod, end `durationMs` from now; false where there is no such Job any more. */
async function renewLease(api: KubeApi, { plan, name, durationMs }: Renewal): Promise<boolean> {
  const { namespace, lease } = plan;
  const job = await api.request<{ readonly status?: { readonly startTime?: string } }>({
    ...JOBS,
    verb: "get",
    namespace,
    name,
  });
  const startedAt = Date.parse(job.status?.startTime ?? "");
  if (Number.isNaN(startedAt)) return false;
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
    body: { metadata, spec: { activeDeadlineSeconds } },
  });
  await api.request({ ...PODS, verb: "patch", namespace, name, body: { metadata } });
  return true;
}
