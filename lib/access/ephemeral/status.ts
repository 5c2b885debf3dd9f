/** What is read of a pod to know its ephemeral containers. */
export interface PodObject {
  readonly spec?: { readonly ephemeralContainers?: readonly { readonly name?: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name?: string;
  readonly state?: {
    readonly running?: object;
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode?: number };
  };
}

export type ContainerState =
  | { readonly kind: "absent" | "starting" | "running" }
  | { readonly kind: "ended" | "failed"; readonly why: string };

/** What the kubelet says while all goes well. */
const ON_ITS_WAY = new Set(["", "ContainerCreating", "PodInitializing"]);

/** How an ephemeral container is. What waits with a reason of its own does not come by waiting longer. */
export function stateOf(pod: PodObject, name: string): ContainerState {
  if (pod.spec?.ephemeralContainers?.some((each) => each.name === name) !== true) return { kind: "absent" };
  const state = pod.status?.ephemeralContainerStatuses?.find((each) => each.name === name)?.state;
  if (state?.running !== undefined) return { kind: "running" };
  if (state?.terminated !== undefined) {
    const { reason = "Ended", message = "", exitCode } = state.terminated;
    const code = exitCode === undefined ? "" : ` (exit code ${exitCode})`;
    return { kind: "ended", why: join(`${reason}${code}`, message) };
  }
  const { reason = "", message = "" } = state?.waiting ?? {};
  return ON_ITS_WAY.has(reason) ? { kind: "starting" } : { kind: "failed", why: join(reason, message) };
}

function join(reason: string, message: string): string {
  return message.trim() === "" ? reason : `${reason}: ${message.trim()}`;
}
