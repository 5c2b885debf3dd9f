import type { ErrorDetails } from "../../errors.js";

/** What is looked at of a pod of ours; the API's answer, so nothing in it is sure to be there. */
export interface PodState {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly startTime?: string;
    readonly conditions?: readonly (Said & { readonly type?: string; readonly status?: string })[];
    readonly containerStatuses?: readonly ContainerState[];
    readonly initContainerStatuses?: readonly ContainerState[];
  };
}

interface ContainerState {
  readonly name?: string;
  readonly state?: {
    readonly waiting?: Said;
    readonly running?: object;
    readonly terminated?: Said & { readonly exitCode?: number };
  };
}

interface Said {
  readonly reason?: string;
  readonly message?: string;
}

export interface EventState {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
}

export type PodVerdict =
  | { readonly is: "running" }
  | { readonly is: "waiting"; readonly why: string }
  | { readonly is: "failed"; readonly why: string; readonly hint: ErrorDetails["hint"] };

/** Waiting reasons out of which a pod of one container with one try does not come by itself in time. */
const FATAL_REASONS = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "CrashLoopBackOff",
]);
/** The kubelet tries these again and again: said as soon as it has said so once. */
const FATAL_EVENTS = new Set(["FailedCreatePodSandBox", "FailedMount", "FailedCreatePodContainer"]);

const MAX_WARNINGS = 3;

/** A pod's state by its container; without a name, its only one's. */
export function stateOfContainer({ status }: PodState, container?: string): ContainerState["state"] {
  const all = status?.containerStatuses ?? [];
  return (container === undefined ? all[0] : all.find(({ name }) => name === container))?.state;
}

/**
 * Whether a container of the pod runs, may still come to it, or won't; in the kubelet's own words. Others that admission
 * put beside it do not matter, but for those that have to run before it.
 */
export function judgePod(pod: PodState, container?: string): PodVerdict {
  const { status = {} } = pod;
  if (pod.metadata?.deletionTimestamp !== undefined) {
    return failed(`it is being deleted${say(status)}`);
  }
  const state = stateOfContainer(pod, container);
  if (status.phase === "Failed" || status.phase === "Succeeded" || state?.terminated !== undefined) {
    const ended = state?.terminated;
    const code = ended?.exitCode === undefined ? "" : ` with exit code ${ended.exitCode}`;
    const said = say(ended) || say(status);
    return failed(ended === undefined ? `the kubelet refused it${said}` : `it ended${code}${said}`, said);
  }
  if (state?.running !== undefined) return { is: "running" };
  const waiting = state?.waiting;
  if (waiting?.reason !== undefined && FATAL_REASONS.has(waiting.reason)) {
    return failed(say(waiting).replace(/^: /, ""), waiting.reason);
  }
  const before = status.initContainerStatuses?.find((each) =>
    FATAL_REASONS.has(each.state?.waiting?.reason ?? ""),
  );
  if (before !== undefined) {
    return failed(`the init container ${before.name ?? ""}${say(before.state?.waiting)}`);
  }
  return {
    is: "waiting",
    why: status.startTime === undefined ? "the kubelet has not taken it up" : waitingFor(waiting),
  };
}

/** What events say that no status does; the last of its kind holds. */
export function judgeEvents(events: readonly EventState[]): PodVerdict | null {
  const fatal = events.findLast(({ type, reason }) => type === "Warning" && FATAL_EVENTS.has(reason ?? ""));
  return fatal === undefined ? null : failed(say(fatal).replace(/^: /, ""));
}

/** What the kubelet warned of, without what only names a state again. */
export function warningsOf(events: readonly EventState[]): string[] {
  const texts = events
    .filter(
      ({ type, message }) => type === "Warning" && message !== undefined && !/^Error: \w+$/.test(message),
    )
    .map((event) => say(event).replace(/^: /, ""));
  return [...new Set(texts)].slice(-MAX_WARNINGS);
}

/** What can be done where the API would not make the pod. */
export function hintOfRefusal(said: string): string | undefined {
  if (/violates PodSecurity/.test(said)) {
    return "Name a namespace that takes privileged pods under access.namespace, or enter by another way: ssh, ephemeral, podExec";
  }
  if (/exceeded quota|must specify|maximum .* usage|minimum .* usage/.test(said)) {
    return "Name a namespace without that limit under access.namespace, or enter by another way: ssh, ephemeral";
  }
  if (/serviceaccount ".*" not found/i.test(said))
    return "Name a ServiceAccount that is there under access.serviceAccount";
  if (/namespaces ".*" not found/.test(said)) return "Name a namespace that is there under access.namespace";
  if (/security context constraint/i.test(said)) {
    return "Set access.privileged: true and an access.serviceAccount that may use the SCC privileged, or enter by ocDebug";
  }
  if (/webhook|ValidatingAdmissionPolicy|denied request/.test(said)) {
    return "Ask who keeps that policy for an exemption, or enter by another way: ssh, kubectlDebug, ephemeral";
  }
  return undefined;
}

function waitingFor(waiting: Said | undefined): string {
  return waiting?.reason === undefined ? "its container is not there yet" : say(waiting).replace(/^: /, "");
}

/** ": REASON: MESSAGE", or as much of it as there is. */
export function say(said: Said | undefined): string {
  const parts = [said?.reason, said?.message].filter((part) => part !== undefined && part !== "");
  return parts.length === 0 ? "" : `: ${parts.join(": ")}`;
}

function failed(why: string, said = why): PodVerdict {
  return { is: "failed", why, hint: hintOf(said) };
}

function hintOf(said: string): string | undefined {
  if (/InvalidImageName/.test(said))
    return "Write the image (--image, images.tools) as registry/name:tag or @sha256:…";
  if (/ImagePull|ErrImage|ImageInspect|RegistryUnavailable|SignatureValidation/.test(said)) {
    return "Name an image that the nodes can pull: --image IMAGE, or images.tools and images.pullSecrets in the cluster profile";
  }
  if (/executable file not found|no such file or directory/.test(said)) {
    return "Name an image with sleep, sh, env and nsenter: --image IMAGE, or images.tools in the cluster profile";
  }
  if (/apply caps|operation not permitted/i.test(said)) {
    return "Set access.privileged: true in the cluster profile, or ask who runs the nodes what they allow";
  }
  if (/^: ?(OutOf|Evicted|NodeAffinity|UnexpectedAdmission)|refused it: OutOf/.test(said)) {
    return "Free the node of pods, or enter it by ssh";
  }
  return undefined;
}
