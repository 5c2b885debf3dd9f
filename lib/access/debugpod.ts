import { randomUUID } from "node:crypto";
import { HopbookError, asHopbookError } from "../errors.js";
import type { Argv, DebugPodAccessConfig, ExecResult, NodeAccess } from "../model/access.js";
import type { KubeApi } from "../model/kube.js";
import { leaveWarm, takeWarmPod } from "./debugpodwarm.js";
import { findDetachedPod, markDetached } from "./detachedpod.js";
import {
  explainStart,
  onceInContainer,
  readContainerEnd,
  startInContainer,
  type ContainerRef,
} from "./kubeprocess.js";
import { buildMarkWords } from "./nodeenv.js";
import { findNodePlace, wrapForPlace, type NodePlace } from "./nodeplace.js";
import { buildDebugPod, buildLeaseJob, DEBUG_CONTAINER, imageOf, type DebugPodPlan } from "./podspec.js";
import { removePod } from "./podremove.js";
import { createLeaseJob, startPod, type PodStartOptions } from "./podstart.js";
import { createRemoteAccess } from "./remote.js";
import type { KubeConnectOptions, TargetOf } from "./ways.js";

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
    now: Date.now(),
    nonce: randomUUID(),
  };
  const { detached } = options;
  const left = detached?.phase === "collect" ? await findDetachedPod(api, plan) : null;
  const made: MadePod =
    left === null
      ? await makePod(api, plan, { deadline, signal, isDetached: detached !== undefined })
      : { name: left, warm: false, canStay: false };
  const container: ContainerRef = { namespace: plan.namespace, pod: made.name, container: DEBUG_CONTAINER };
  try {
    const run = (argv: Argv): Promise<ExecResult> =>
      onceInContainer(api, argv, { node, container, timeoutMs: Math.max(1, deadline - Date.now()), signal });
    const place = await findNodePlace({ node, via: "debugPod", image: imageOf(config), run });
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
      readEnd: (end, told) => readContainerEnd(api, end, { node, container, ...told }),
      dispose: () =>
        detached?.stay === true && (left !== null || detached.phase === "start")
          ? Promise.resolve([])
          : made.canStay
            ? leaveWarm(api, { plan, name: made.name })
            : removePod(api, { namespace: plan.namespace, name: made.name }),
      made: describeMade(made, { plan, place }),
    });
  } catch (error) {
    // What was left there may hold captures.
    if (left !== null) throw error;
    throw withLeftovers(error, await removePod(api, { namespace: plan.namespace, name: made.name }));
  }
}

interface MadePod {
  readonly name: string;
  readonly warm: boolean;
  /** It has a Job by which it can be left to end later. */
  readonly canStay: boolean;
}

async function makePod(
  api: KubeApi,
  plan: DebugPodPlan,
  { isDetached, ...start }: Omit<PodStartOptions, "node"> & { readonly isDetached: boolean },
): Promise<MadePod> {
  const keepsWarm = !isDetached && (plan.config.keepWarmMs ?? 0) > 0;
  if (keepsWarm) {
    const name = await takeWarmPod(api, plan);
    if (name !== null) return { name, warm: true, canStay: true };
  }
  const { name, namespace } = buildLeaseJob(plan).metadata;
  try {
    const job = await createLeaseJob(api, buildLeaseJob(plan));
    const pod = buildDebugPod(plan, job);
    await startPod(api, isDetached ? markDetached(pod) : pod, { ...start, node: plan.node });
    return { name, warm: false, canStay: keepsWarm && job !== null };
  } catch (error) {
    throw withLeftovers(error, await removePod(api, { namespace, name }));
  }
}

/** For the run folder: "pod ns/name, left warm by an earlier run; the node's own programs". */
function describeMade(
  made: MadePod,
  { plan, place }: { readonly plan: DebugPodPlan; readonly place: NodePlace },
): string {
  const how = made.warm ? "left warm by an earlier run" : "made for this run";
  const whose =
    place.mode === "node" ? "the node's own programs" : `the programs of image ${imageOf(plan.config)}`;
  return `pod ${plan.namespace}/${made.name}, ${how}; ${whose}`;
}

/** What was made on the way to a failure and could not be taken away stands with it. */
function withLeftovers(cause: unknown, leftovers: readonly string[]): HopbookError {
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

function notReady(node: string, why: string | null): HopbookError {
  const message = `Cannot start a debug pod on ${node}: the node is NotReady${why === null ? "" : `: ${why}`}`;
  return new HopbookError("POD_NOT_STARTED", message, {
    where: { node },
    hint: "Enter it by ssh, or look at its kubelet",
  });
}
