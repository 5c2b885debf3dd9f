import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError, messageOf } from "../../errors.js";
import { leaseAnnotations, leaseLabels } from "../../kube/index.js";
import { buildCliDelete } from "./argv.js";
import { readCliFailure } from "./end.js";
import type { CliRecipe, StartedDebug } from "./start.js";
import { runCommand, startLocally } from "../../process/command.js";
import { buildLeaseJob, type ObjectRef } from "../pod/spec.js";
import { isGone as isGoneByUid } from "../pod/remove.js";
import { createLeaseJob } from "../pod/start.js";
import type { KubeConnectOptions } from "../ways.js";

const GONE_WITHIN_MS = 5_000;
const POLL_MS = 150;
const DELETE_TIMEOUT_MS = 15_000;
const PODS = { group: "", version: "v1", resource: "pods" } as const;

/**
 * Whose it is and until when, and a Job that owns it, with which Kubernetes removes it. All of it is more than the person
 * asked kubectl for: where it is refused, the pod ends with its `sleep`, and its object is left to `close()`.
 */
export async function leaseDebugPod(
  recipe: CliRecipe,
  { api, lease, signal }: KubeConnectOptions,
  pod: string,
): Promise<ObjectRef | null> {
  const { node, setup, image } = recipe;
  const { namespace } = setup;
  const config = image === undefined ? {} : { image };
  const now = api.nowMs();
  const plan = {
    node,
    namespace,
    lease,
    now,
    nonce: pod,
    config: { via: "debugPod" as const, kube: setup.ref, ...config },
  };
  const job = await createLeaseJob(api, buildLeaseJob(plan));
  const owner = job === null ? {} : { ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", ...job }] };
  const metadata = { labels: leaseLabels(lease), annotations: leaseAnnotations(lease, now) };
  const spec = { activeDeadlineSeconds: Math.max(1, Math.ceil(lease.durationMs / 1000)) };
  const patch = { ...PODS, verb: "patch", namespace, name: pod, signal } as const;
  try {
    await api.request({ ...patch, body: { metadata: { ...metadata, ...owner }, spec } });
  } catch (error) {
    if (!(error instanceof HopbookError) || !/^KUBE_(FORBIDDEN|REFUSED)$/.test(error.code)) throw error;
  }
  return job;
}

/** Stops what stays, and deletes the pod and its Job. What could not be removed; never rejects. */
export async function removeDebugPod(
  recipe: CliRecipe,
  { api, lease }: KubeConnectOptions,
  made: {
    readonly started: StartedDebug;
    readonly job: ObjectRef | null;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<readonly string[]> {
  const { setup, node } = recipe;
  const { namespace, program } = setup;
  const { pod, process: staying } = made.started;
  const leftovers: string[] = [];
  await staying?.stop("killed");
  const argv = buildCliDelete(setup, pod);
  const job =
    made.job === null
      ? Promise.resolve()
      : api.request({
          ...{
            group: "batch",
            version: "v1",
            resource: "jobs",
            verb: "delete",
            namespace,
            name: made.job.name,
          },
          body: { propagationPolicy: "Background", preconditions: { uid: made.job.uid } },
        });
  const [deleted] = await Promise.all([
    runCommand(
      { node, argv, start: startLocally(argv, made.env), leased: false },
      { timeoutMs: DELETE_TIMEOUT_MS },
    ).catch((error: unknown) => messageOf(error)),
    job.catch((error: unknown) => {
      if (isGoneByUid(error)) return;
      leftovers.push(`job ${namespace}/${made.job?.name ?? ""}: ${messageOf(error)}`);
    }),
  ]);
  const until = `it ends by itself after ${Math.ceil(lease.durationMs / 1000)} s`;
  if (typeof deleted === "string" || deleted.exitCode !== 0) {
    const why =
      typeof deleted === "string"
        ? deleted
        : readCliFailure(deleted.stderr.toString("utf8").trim(), { program, exitCode: deleted.exitCode }).why;
    return [...leftovers, `pod ${namespace}/${pod}: ${why}; ${until}`];
  }
  if (await isGone(api, { namespace, pod })) return leftovers;
  return [...leftovers, `pod ${namespace}/${pod}: it is still being deleted`];
}

async function isGone(
  api: KubeConnectOptions["api"],
  { namespace, pod }: { readonly namespace: string; readonly pod: string },
): Promise<boolean> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    try {
      await api.request({ ...PODS, verb: "get", namespace, name: pod, timeoutMs: GONE_WITHIN_MS });
    } catch {
      return true;
    }
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
}
