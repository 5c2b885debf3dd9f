import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../errors.js";
import type { KubeApi } from "../../model/kube.js";
import { say, stateOfContainer, type EventState, type PodState } from "./start-failure.js";

const TIMEOUT_MS = 3_000;
/** The kubelet ends a pod's processes before its status says so. */
const STATUS_LAG_MS = 250;
const PODS = { group: "", version: "v1", resource: "pods" } as const;
/** Who ends pods says so in an event, that outlasts the pod. */
const ENDING_EVENTS = new Set([
  "Evicted",
  "Preempted",
  "TaintManagerEviction",
  "DeletingNode",
  "NodeShutdown",
]);

interface PodRef {
  readonly namespace: string;
  readonly pod: string;
  /** Default: its only one. */
  readonly container?: string;
}

/** whyGone, with a second look where the first finds a pod that runs: its status comes after its end. */
export async function whyGoneSoon(api: KubeApi, pod: PodRef): Promise<string | null> {
  const why = await whyGone(api, pod);
  if (why !== null) return why;
  await sleep(STATUS_LAG_MS);
  return whyGone(api, pod);
}

/** Why the pod no longer runs, as it says itself, or who ended it; null where it does, or nobody knows. */
export async function whyGone(api: KubeApi, { namespace, pod, container }: PodRef): Promise<string | null> {
  let state: PodState;
  try {
    state = await api.request<PodState>({
      ...{ ...PODS, verb: "get", namespace, name: pod },
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    const missing = error instanceof HopbookError && error.code === "KUBE_NOT_FOUND";
    return missing ? `the pod was deleted${await whoEnded(api, { namespace, pod })}` : null;
  }
  const { phase } = state.status ?? {};
  if (state.metadata?.deletionTimestamp !== undefined) {
    return `the pod is being deleted${say(state.status) || say(disruptionOf(state))}`;
  }
  if (phase === "Running" || phase === undefined) return null;
  const ended = stateOfContainer(state, container)?.terminated;
  return `the pod is ${phase}${say(state.status) || say(disruptionOf(state)) || say(ended)}`;
}

/** What eviction, preemption and the garbage collector leave on the pods that they end. */
function disruptionOf({ status }: PodState): Parameters<typeof say>[0] {
  return status?.conditions?.find((each) => each.type === "DisruptionTarget" && each.status === "True");
}

/** ": REASON: MESSAGE" of the last event that tells; "" where none does, or events may not be read. */
async function whoEnded(api: KubeApi, { namespace, pod }: PodRef): Promise<string> {
  try {
    const query = { fieldSelector: `involvedObject.name=${pod}` };
    const events = await api.list<EventState>(
      { ...{ ...PODS, resource: "events", namespace, query }, timeoutMs: TIMEOUT_MS },
      1_000,
    );
    return say(events.findLast(({ reason }) => ENDING_EVENTS.has(reason ?? "")));
  } catch {
    return "";
  }
}
