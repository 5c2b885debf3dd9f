import { randomUUID } from "node:crypto";
import { HopbookError, asHopbookError } from "../../errors.js";
import type { Argv, DebugPodAccessConfig, ExecResult, NodeAccess } from "../../model/access.js";
import type { KubeApi } from "../../model/kube.js";
import { leaveWarm, takeWarmPod, type WarmRef } from "./warm.js";
import { findDetachedPod, makeDetachedPod, removeDetached, type DetachedPod } from "./detached.js";
import {
  explainStart,
  onceInContainer,
  readNodeEnd,
  startInContainer,
  type ContainerRef,
} from "./container.js";
import { buildMarkWords } from "../environment.js";
import { findNodePlace, wrapForPlace, type NodePlace } from "./place.js";
import { buildDebugPod, buildLeaseJob, DEBUG_CONTAINER, imageOf, type DebugPodPlan } from "./spec.js";
import { removePod, withLeftovers, type MadeUids } from "./remove.js";
import { createLeaseJob, createPod, waitUntilRuns, type PodStartOptions } from "./start.js";
import { assertWhole, readAdmitted } from "./admitted.js";
import { createRemoteAccess } from "../remote.js";
import type { KubeConnectOptions, TargetOf } from "../ways.js";

/**
 * A pod of our own on the node, with its PID and network namespaces; commands run in it through the API's `exec`. It
 * is deleted by `close()`, or left for the next run where the profile keeps it warm, and by Kubernetes itself when the lease is over. Rejects with POD_NOT_STARTED, KUBE_*,
 * NODE_UNREACHABLE, TOOL_MISSING or INTERRUPTED; whatever was made is then taken away.
 */
export async function openDebugPodAccess(
  target: TargetOf<DebugPodAccessConfig>,
  options: KubeConnectOptions,
): Promise<NodeAccess> {
  const { name: node, access: config } = target;
  const { api, lease, signal } = options;
  const deadline = Date.now() + options.connectTimeoutMs;
  if (target.kube?.ready === false) throw notReady(node, target.kube.notReady);
  const plan: DebugPodPlan = {
    node,
    config,
    lease,
    namespace: config.namespace ?? api.namespace,
    now: api.nowMs(),
    nonce: randomUUID(),
  };
  const { detached } = options;
  const left = detached?.phase === "collect" ? await findDetachedPod(api, plan) : null;
  const start = { deadline, signal, node };
  const held =
    detached?.phase === "start"
      ? await makeDetachedPod(api, plan, { ...start, workDir: detached.workDir })
      : null;
  const lasting = held?.pod ?? left?.pod ?? null;
  const made: MadePod =
    lasting === null
      ? await makePod(api, plan, { ...start, keepsWarm: detached === undefined })
      : { name: lasting.name, uids: { pod: lasting.uid, job: null }, warm: false, stays: null };
  const container: ContainerRef = { namespace: plan.namespace, pod: made.name, container: DEBUG_CONTAINER };
  try {
    const run = (argv: Argv): Promise<ExecResult> =>
      onceInContainer(api, argv, { node, container, timeoutMs: Math.max(1, deadline - Date.now()), signal });
    const image = made.image ?? imageOf(config);
    const place = await findNodePlace({ node, via: "debugPod", image, run });
    if (place.mode === "image") detached?.inPod.add(node);
    return createRemoteAccess({
      node,
      via: "debugPod",
      start: async (argv, processOptions) => {
        try {
          return await startInContainer(api, argv, { container, options: { ...processOptions, env: {} } });
        } catch (error) {
          throw await explainStart(api, error, { node, container, argv });
        }
      },
      wrap: (argv) => wrapForPlace(place, ["env", ...buildMarkWords(lease), ...argv]),
      readEnd: (end, told) => readNodeEnd(api, end, { node, container, ...told }),
      dispose: async () => {
        held?.release();
        const job = held ?? left;
        const stays = detached?.stay === true;
        const own = lasting === null ? await leavePod(api, { plan, made }) : [];
        if (stays || job === null) return own;
        return [...own, ...(await removeDetached(api, { namespace: plan.namespace, ...job }))];
      },
      made: describeMade(made, { plan, place, left }),
    });
  } catch (error) {
    // What was left there may hold captures.
    if (left?.pod?.name === made.name) throw error;
    held?.release();
    const { namespace } = plan;
    const leftovers =
      held === null
        ? await removePod(api, { namespace, name: made.name, uids: made.uids })
        : await removeDetached(api, { namespace, ...held });
    throw withLeftovers(error, leftovers);
  }
}

interface MadePod {
  readonly name: string;
  readonly uids: MadeUids;
  readonly warm: boolean;
  /** With the Job by which it can be left to end later; null: it goes. */
  readonly stays: WarmRef["uids"] | null;
  /** No Job could be made that would take it away: Kubernetes ends it, and its object stays for `reap`. */
  readonly isJobless?: boolean;
  /** As the cluster's admission left it. Default: what was asked for. */
  readonly image?: string;
}

async function makePod(
  api: KubeApi,
  plan: DebugPodPlan,
  { keepsWarm: mayKeep, ...start }: PodStartOptions & { readonly keepsWarm: boolean },
): Promise<MadePod> {
  const keepsWarm = mayKeep && (plan.config.keepWarmMs ?? 0) > 0;
  if (keepsWarm) {
    const warm = await takeWarmPod(api, plan);
    if (warm !== null) return { ...warm, warm: true, stays: warm.uids };
  }
  const { name, namespace } = buildLeaseJob(plan).metadata;
  const uids: { pod?: string | null; job?: string | null } = { pod: null };
  try {
    const job = await createLeaseJob(api, buildLeaseJob(plan));
    uids.job = job?.uid ?? null;
    const pod = buildDebugPod(plan, job);
    delete uids.pod;
    const made = await createPod(api, pod, start);
    uids.pod = made.metadata.uid;
    const admitted = readAdmitted(pod, made);
    assertWhole(admitted, plan);
    await waitUntilRuns(api, pod, start);
    const stays = keepsWarm && job !== null ? { pod: made.metadata.uid, job: job.uid } : null;
    return { name, uids, warm: false, stays, image: admitted.image, isJobless: job === null };
  } catch (error) {
    const { code } = asHopbookError(error);
    // The answer that never came may have been that it was made.
    if (uids.pod === undefined && code !== "KUBE_UNREACHABLE") uids.pod = null;
    throw withLeftovers(error, await removePod(api, { namespace, name, uids }));
  }
}

function leavePod(
  api: KubeApi,
  { plan, made }: { readonly plan: DebugPodPlan; readonly made: MadePod },
): Promise<readonly string[]> {
  const { name, stays, uids } = made;
  return stays !== null
    ? leaveWarm(api, { plan, name, uids: stays })
    : removePod(api, { namespace: plan.namespace, name, uids });
}

/** For the run folder: "pod ns/name, left warm by an earlier run; the node's own programs". */
function describeMade(
  made: MadePod,
  {
    plan,
    place,
    left,
  }: { readonly plan: DebugPodPlan; readonly place: NodePlace; readonly left: DetachedPod | null },
): string {
  const isLeft = left?.pod?.name === made.name;
  const how = made.warm ? "left warm by an earlier run" : isLeft ? "left by this run" : "made for this run";
  const asked = imageOf(plan.config);
  const { image = asked } = made;
  const changed = image === asked ? "" : `, which the cluster's admission put in place of ${asked}`;
  const whose =
    place.mode === "node" ? "the node's own programs" : `the programs of image ${image}${changed}`;
  const unkept = (plan.config.keepWarmMs ?? 0) > 0 ? ", nor is it kept warm" : "";
  const jobless =
    made.isJobless === true
      ? `; no Job may be made in ${plan.namespace}, so after a killed client its object stays for hopbook reap${unkept}`
      : "";
  return `pod ${plan.namespace}/${made.name}, ${how}; ${whose}${jobless}`;
}

function notReady(node: string, why: string | null): HopbookError {
  const message = `Cannot start a debug pod on ${node}: the node is NotReady${why === null ? "" : `: ${why}`}`;
  return new HopbookError("POD_NOT_STARTED", message, {
    where: { node },
    hint: "Enter it by ssh, or look at its kubelet",
  });
}
