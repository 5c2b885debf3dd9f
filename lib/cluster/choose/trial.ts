import { asHopbookError } from "../../errors.js";
import { MANAGED_BY, MANAGED_BY_LABEL, type KubeReader, type KubeRequest } from "../../model/kube.js";
import { visible } from "../../model/visible.js";
import type { DebugPodAccessConfig, EphemeralAccessConfig } from "../../model/access.js";
import type { Verdict } from "./types.js";

export interface TrialOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** Whose pod is tried: admission goes by its labels, its name and what it asks for. */
export type PodShape = "debugPod" | "privileged" | "kubectlDebug" | "ocDebug";

const NAME = "hopbook-dry-run";
const ANY_IMAGE = "hopbook.invalid/tools:0";
const MAX_REASON_CHARS = 600;
const NOT_ASKED: Verdict = { allowed: null, reason: "it was not asked" };

/** What the pod is made of; kubectl's and oc's have the same image. */
type TriedConfig = Pick<DebugPodAccessConfig, "image" | "pullSecrets" | "serviceAccount">;

/** What it would come to, to make such a pod on a node; nothing is made. Never rejects. */
export async function tryPod(
  api: KubeReader,
  pod: {
    readonly shape: PodShape;
    readonly namespace: string;
    readonly node: string | undefined;
    readonly config: TriedConfig;
    /** The pod itself, where it is known. */
    readonly body?: object | undefined;
  },
  options: TrialOptions,
): Promise<Verdict> {
  const { namespace, body = podOf(pod) } = pod;
  return tryRequest(api, { verb: "create", resource: "pods", namespace, body }, options);
}

/** The same for an ephemeral container in a pod that is there. */
export async function tryEphemeral(
  api: KubeReader,
  pod: {
    readonly namespace: string;
    readonly name: string;
    readonly addsCapabilities: boolean;
    readonly config: Pick<EphemeralAccessConfig, "image" | "targetContainer">;
  },
  options: TrialOptions,
): Promise<Verdict> {
  const { namespace, name, addsCapabilities, config } = pod;
  const { targetContainer } = config;
  const container = {
    name: NAME,
    image: config.image ?? ANY_IMAGE,
    command: ["sleep", "1"],
    ...(targetContainer === undefined ? {} : { targetContainerName: targetContainer }),
    securityContext: {
      runAsUser: 0,
      runAsNonRoot: false,
      ...(addsCapabilities ? { capabilities: { add: ["NET_ADMIN", "NET_RAW"] } } : {}),
    },
  };
  const body = { spec: { ephemeralContainers: [container] } };
  return tryRequest(
    api,
    { verb: "patch", resource: "pods", subresource: "ephemeralcontainers", namespace, name, body },
    options,
  );
}

async function tryRequest(
  api: KubeReader,
  request: Omit<KubeRequest, "group" | "version" | "query">,
  { signal, timeoutMs }: TrialOptions,
): Promise<Verdict> {
  if (timeoutMs <= 0) return NOT_ASKED;
  try {
    const query = { dryRun: "All" };
    await api.request<unknown>({ ...request, group: "", version: "v1", query, timeoutMs, signal });
    return { allowed: true, reason: "" };
  } catch (error) {
    return verdictOf(error);
  }
}

/** What a refusal says. What cannot be tried is not refused: it may well be allowed. */
function verdictOf(error: unknown): Verdict {
  const { code, message } = asHopbookError(error);
  const reason = visible(message.replace(/^Cannot [^:]*: /, ""), { maxChars: MAX_REASON_CHARS });
  if (/does not support dry ?run/i.test(message)) return { allowed: null, reason };
  if (code === "KUBE_REFUSED" || code === "KUBE_FORBIDDEN" || code === "KUBE_NOT_FOUND") {
    return { allowed: false, reason };
  }
  // A webhook that does not answer and may not be passed over refuses what comes after it as well.
  return { allowed: /failed calling webhook/.test(message) ? false : null, reason };
}

function podOf(pod: {
  readonly shape: PodShape;
  readonly node: string | undefined;
  readonly config: TriedConfig;
}): object {
  const { shape, node, config } = pod;
  const isOurs = shape === "debugPod" || shape === "privileged";
  const privileged = shape !== "debugPod";
  const { serviceAccount, pullSecrets } = config;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: nameOf(shape, node),
      labels: shape === "ocDebug" ? {} : { [MANAGED_BY_LABEL]: isOurs ? MANAGED_BY : "kubectl-debug" },
    },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      hostPID: true,
      hostNetwork: true,
      ...(isOurs ? {} : { hostIPC: true }),
      restartPolicy: "Never",
      ...(isOurs ? { activeDeadlineSeconds: 60, automountServiceAccountToken: false } : {}),
      ...(isOurs && serviceAccount !== undefined ? { serviceAccountName: serviceAccount } : {}),
      ...(shape === "ocDebug" ? {} : { tolerations: [{ operator: "Exists" }] }),
      ...(pullSecrets === undefined ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
      containers: [
        {
          name: {
            debugPod: "hopbook",
            privileged: "hopbook",
            kubectlDebug: "debugger",
            ocDebug: "container-00",
          }[shape],
          image: config.image ?? ANY_IMAGE,
          command: ["sleep", "1"],
          securityContext: privileged
            ? { privileged: true, runAsUser: 0 }
            : { runAsUser: 0, capabilities: { add: ["SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "NET_RAW"] } },
          ...(isOurs ? {} : { volumeMounts: [{ name: "host-root", mountPath: "/host" }] }),
        },
      ],
      ...(isOurs ? {} : { volumes: [{ name: "host-root", hostPath: { path: "/" } }] }),
    },
  };
}

/** Policies go by the names that kubectl and oc give. */
function nameOf(shape: PodShape, node: string | undefined): string {
  // A node's name may be longer than what a pod's leaves room for.
  const of = (node ?? "node").slice(0, 200);
  if (shape === "kubectlDebug") return `node-debugger-${of}-00000`;
  return shape === "ocDebug" ? `${of}-debug-00000` : NAME;
}
