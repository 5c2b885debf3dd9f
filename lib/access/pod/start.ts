import { setTimeout as sleep } from "node:timers/promises";
import { asHopbookError, HopbookError } from "../../errors.js";
import type { KubeApi } from "../../model/kube.js";
import type { AdmittedPod } from "./admitted.js";
import { DEBUG_CONTAINER, type LeaseJobManifest, type ObjectRef, type PodManifest } from "./spec.js";
import {
  hintOfRefusal,
  judgeEvents,
  judgePod,
  warningsOf,
  type EventState,
  type PodState,
  type PodVerdict,
} from "./start-failure.js";

/** A pod whose image is there runs within a second: then each look that comes late costs as much. */
const FIRST_POLL_MS = 40;
const FIRST_POLLS_MS = 2_000;
const POLL_MS = 150;
/** A pod that runs at once has nothing to say that its events would tell. */
const EVENTS_AFTER_MS = 1_200;
const EVENTS_EVERY_MS = 1_000;
/** A kubelet takes a pod up within a second; where none does, its node tells why. */
const NODE_ASKED_AFTER_MS = 2_500;

export interface PodStartOptions {
  readonly node: string;
  readonly deadline: number;
  /** The one that is waited for; admission may add others. Default: a debug pod's own. */
  readonly container?: string;
  readonly signal?: AbortSignal | undefined;
}

export const PODS = { group: "", version: "v1", resource: "pods" } as const;
export const JOBS = { group: "batch", version: "v1", resource: "jobs" } as const;

/**
 * The Job that takes the pod away when its lease is over; null where this user may not make one, or the cluster takes
 * none: the pod then ends at its deadline, and its object is `reap`'s.
 */
export async function createLeaseJob(
  api: KubeApi,
  job: LeaseJobManifest,
  signal?: AbortSignal,
): Promise<ObjectRef | null> {
  const { namespace, name } = job.metadata;
  if (signal?.aborted === true) throw new HopbookError("INTERRUPTED", "The run was interrupted");
  try {
    const made = await api.request<{ metadata: { uid: string } }>({
      ...JOBS,
      verb: "create",
      namespace,
      body: job,
    });
    return { name, uid: made.metadata.uid };
  } catch (error) {
    if (error instanceof HopbookError && /^KUBE_(FORBIDDEN|REFUSED|NOT_FOUND)$/.test(error.code)) return null;
    throw error;
  }
}

/** Makes the pod; as the API took it, which may not be as it was asked for. Rejects with KUBE_*, INTERRUPTED. */
export async function createPod(
  api: KubeApi,
  pod: PodManifest,
  options: Pick<PodStartOptions, "node" | "signal">,
): Promise<AdmittedPod & { readonly metadata: { readonly uid: string } }> {
  const { namespace } = pod.metadata;
  assertWanted(options);
  // Not to be interrupted: what was asked for must be known to be there, or it could not be taken away.
  try {
    return await api.request({ ...PODS, verb: "create", namespace, body: pod });
  } catch (error) {
    throw refusedAt(options.node, asHopbookError(error));
  }
}

/** Waits until a pod runs. On failure the caller removes it. Rejects with POD_NOT_STARTED, KUBE_*, INTERRUPTED. */
export async function waitUntilRuns(
  api: KubeApi,
  pod: { readonly metadata: { readonly namespace: string; readonly name: string } },
  options: PodStartOptions,
): Promise<void> {
  const { name, namespace } = pod.metadata;
  const { node, deadline, signal } = options;
  const startedAt = Date.now();
  let eventsAt = startedAt + EVENTS_AFTER_MS;
  let events: readonly EventState[] = [];
  let nodeAsked = false;
  for (;;) {
    await pause(Date.now() - startedAt < FIRST_POLLS_MS ? FIRST_POLL_MS : POLL_MS, { node, signal });
    const state = await api.request<PodState>({ ...PODS, verb: "get", namespace, name, signal });
    let verdict: PodVerdict = judgePod(state, options.container ?? DEBUG_CONTAINER);
    if (verdict.is === "running") return;
    const now = Date.now();
    if (verdict.is === "waiting" && now >= eventsAt) {
      eventsAt = now + EVENTS_EVERY_MS;
      events = await listEvents(api, { namespace, name, signal });
      verdict = judgeEvents(events) ?? verdict;
    }
    const untaken = state.status?.startTime === undefined && now - startedAt >= NODE_ASKED_AFTER_MS;
    if (verdict.is === "waiting" && untaken && !nodeAsked) {
      nodeAsked = true;
      await assertNodeReady(api, { node, signal });
    }
    if (verdict.is === "failed") {
      if (events.length === 0) events = await listEvents(api, { namespace, name, signal });
      throw notStarted(node, verdict.why, { hint: verdict.hint, events });
    }
    if (now >= deadline)
      throw notStarted(node, `it does not run yet: ${verdict.is === "waiting" ? verdict.why : ""}`, {
        events,
      });
  }
}

async function pause(ms: number, options: Pick<PodStartOptions, "node" | "signal">): Promise<void> {
  const { signal } = options;
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  assertWanted(options);
}

export function assertWanted({ node, signal }: Pick<PodStartOptions, "node" | "signal">): void {
  if (signal?.aborted !== true) return;
  const message = `Cannot start a debug pod on ${node}: the run was interrupted`;
  throw new HopbookError("INTERRUPTED", message, { where: { node } });
}

function notStarted(
  node: string,
  why: string,
  { hint, events = [] }: { readonly hint?: string | undefined; readonly events?: readonly EventState[] },
): HopbookError {
  const warnings = warningsOf(events).filter((text) => !why.includes(text));
  return new HopbookError("POD_NOT_STARTED", `Cannot start a debug pod on ${node}: ${why}`, {
    where: { node },
    ...(hint === undefined ? {} : { hint }),
    ...(warnings.length === 0 ? {} : { detail: warnings.join("\n") }),
  });
}

/** The API's own words, with where it was and what can be done. A webhook that is out of reach refuses as well. */
function refusedAt(node: string, error: HopbookError): HopbookError {
  const said = error.message;
  const hint = hintOfRefusal(said) ?? error.hint;
  const code = /failed calling webhook/.test(said) ? "KUBE_REFUSED" : error.code;
  return new HopbookError(code, said, {
    where: { node },
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** Events may be refused to this user; they are help, not need. */
export async function listEvents(
  api: KubeApi,
  { namespace, name, signal }: { namespace: string; name: string; signal: AbortSignal | undefined },
): Promise<readonly EventState[]> {
  try {
    return await api.list<EventState>(
      {
        group: "",
        version: "v1",
        resource: "events",
        namespace,
        query: { fieldSelector: `involvedObject.name=${name}` },
        signal,
      },
      1_000,
    );
  } catch {
    return [];
  }
}

interface NodeState {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

/** Throws POD_NOT_STARTED where the API has no such node, or its kubelet is not ready. A user who may not read nodes passes. */
async function assertNodeReady(
  api: KubeApi,
  { node, signal }: { readonly node: string; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  let state: NodeState;
  try {
    state = await api.request<NodeState>({
      group: "",
      version: "v1",
      resource: "nodes",
      verb: "get",
      name: node,
      signal,
    });
  } catch (error) {
    if (!(error instanceof HopbookError)) throw error;
    if (error.code === "KUBE_NOT_FOUND") {
      throw new HopbookError(
        "POD_NOT_STARTED",
        `Cannot start a debug pod on ${node}: the cluster has no such node`,
        {
          where: { node },
          hint: "Name the node in the profile as kubectl get nodes does",
          cause: error,
        },
      );
    }
    if (error.code === "KUBE_FORBIDDEN") return;
    throw error;
  }
  const ready = state.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined || ready.status === "True") return;
  const since = ready.lastTransitionTime === undefined ? "" : ` since ${ready.lastTransitionTime}`;
  const why = [ready.reason, ready.message].filter((part) => part !== undefined && part !== "").join(": ");
  throw new HopbookError(
    "POD_NOT_STARTED",
    `Cannot start a debug pod on ${node}: the node is NotReady${since}: ${why}`,
    {
      where: { node },
      hint: "Enter it by ssh, or look at its kubelet",
    },
  );
}
