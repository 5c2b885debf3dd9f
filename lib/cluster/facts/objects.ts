import type { NodeTarget } from "../../model/access.js";
import type { KubeNode } from "../../model/kube.js";
import { canonicalIp } from "../../linux/address.js";
import { asList, fieldOf, textEntries, textOf } from "../../linux/json.js";

/** What is read of a pod; the API's answer is no more believed than a node's. */
export interface KubePod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** As the node's runtime has it: a static pod's is not its mirror's. */
  readonly runtimeUid: string;
  /** null: not scheduled yet. */
  readonly node: string | null;
  readonly hostNetwork: boolean;
  /** Pending, Running, Succeeded, Failed, Unknown. */
  readonly phase: string;
  /** Why it does not run, in the API's words; null where its sandbox should be there. */
  readonly trouble: string | null;
  readonly isReady: boolean;
  /** Why not, in the API's words: CrashLoopBackOff and the like; null where it is ready. */
  readonly unready: string | null;
  readonly isEnding: boolean;
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly containerIds: readonly string[];
  /** UIDs of what made it. */
  readonly owners: readonly string[];
}

const DNS_NAME = /^[0-9a-z]([0-9a-z.-]{0,251}[0-9a-z])?$/;
const NODE_NAME = /^[0-9A-Za-z][0-9A-Za-z._-]{0,252}$/;
const MIRROR = "kubernetes.io/config.mirror";
const MIRROR_HASH = "kubernetes.io/config.hash";

/** null for what is no pod. */
export function readKubePod(value: unknown): KubePod | null {
  const name = textOf(value, "metadata", "name") ?? "";
  const namespace = textOf(value, "metadata", "namespace") ?? "";
  const uid = textOf(value, "metadata", "uid") ?? "";
  if (!DNS_NAME.test(name) || !DNS_NAME.test(namespace) || !/^[0-9A-Za-z-]{1,64}$/.test(uid)) return null;
  const annotations = textEntries(fieldOf(value, "metadata", "annotations"));
  const node = textOf(value, "spec", "nodeName");
  const listed = asList(fieldOf(value, "status", "podIPs")).map((entry) => textOf(entry, "ip"));
  const ips = [textOf(value, "status", "podIP"), ...listed].map((ip) => canonicalIp(ip ?? ""));
  const statuses = [
    ...asList(fieldOf(value, "status", "initContainerStatuses")),
    ...asList(fieldOf(value, "status", "containerStatuses")),
  ];
  return {
    ...{ namespace, name, uid, runtimeUid: mirrorUid(annotations) ?? uid },
    node: node !== null && NODE_NAME.test(node) ? node : null,
    hostNetwork: fieldOf(value, "spec", "hostNetwork") === true,
    phase: textOf(value, "status", "phase") ?? "Unknown",
    trouble: readTrouble(value, statuses),
    isReady: conditionOf(value, "Ready")?.status === "True",
    unready: readUnready(value, statuses),
    isEnding: textOf(value, "metadata", "deletionTimestamp") !== null,
    ips: [...new Set(ips.filter((ip): ip is string => ip !== undefined))],
    labels: textEntries(fieldOf(value, "metadata", "labels")),
    containerIds: statuses.flatMap((status) => {
      const id = /^[a-z-]+:\/\/([0-9A-Za-z_.-]{1,256})$/.exec(textOf(status, "containerID") ?? "")?.[1];
      return id === undefined ? [] : [id];
    }),
    owners: asList(fieldOf(value, "metadata", "ownerReferences")).flatMap(
      (owner) => textOf(owner, "uid") ?? [],
    ),
  };
}

/** The kubelet calls a static pod by the hash of its file; the API's UID is that of its mirror. */
function mirrorUid(annotations: Readonly<Record<string, string>>): string | null {
  const mirror = annotations[MIRROR] ?? annotations[MIRROR_HASH];
  return annotations[MIRROR] !== undefined && /^[0-9A-Za-z-]{1,64}$/.test(mirror ?? "")
    ? (mirror ?? null)
    : null;
}

function readUnready(value: unknown, statuses: readonly unknown[]): string | null {
  const ready = conditionOf(value, "Ready");
  if (ready?.status === "True") return null;
  const waiting = statuses
    .map((status) => fieldOf(status, "state", "waiting"))
    .find((state) => state !== undefined);
  if (waiting !== undefined) return say(textOf(waiting, "reason") ?? "", textOf(waiting, "message") ?? "");
  return say(ready?.reason ?? "", ready?.message ?? "");
}

/** A sandbox is there from PodReadyToStartContainers on, even where no container stays up. */
function readTrouble(value: unknown, statuses: readonly unknown[]): string | null {
  const phase = textOf(value, "status", "phase") ?? "Unknown";
  if (phase === "Running") return null;
  const scheduled = conditionOf(value, "PodScheduled");
  const waiting = statuses
    .map((status) => fieldOf(status, "state", "waiting"))
    .find((state) => state !== undefined);
  const reason =
    scheduled?.status === "False"
      ? say(scheduled.reason, scheduled.message)
      : say(
          textOf(waiting, "reason") ?? textOf(value, "status", "reason") ?? "",
          textOf(waiting, "message") ?? textOf(value, "status", "message") ?? "",
        );
  if (phase === "Pending" && conditionOf(value, "PodReadyToStartContainers")?.status === "True") return null;
  return `it is ${phase}${reason === "" ? "" : `: ${reason}`}`;
}

function say(reason: string, message: string): string {
  const text = [reason, message].filter((part) => part !== "").join(": ");
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, " ").slice(0, 300);
}

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

function conditionOf(value: unknown, type: string): Condition | undefined {
  const found = asList(fieldOf(value, "status", "conditions")).find(
    (entry) => textOf(entry, "type") === type,
  );
  if (found === undefined) return undefined;
  const of = (key: string): string => textOf(found, key) ?? "";
  return { status: of("status"), reason: of("reason"), message: of("message") };
}

/** A node as a target without a way in; null for what is no node. */
export function readKubeNode(value: unknown): Omit<NodeTarget, "access"> | null {
  const name = textOf(value, "metadata", "name") ?? "";
  if (!NODE_NAME.test(name)) return null;
  const addresses = asList(fieldOf(value, "status", "addresses"));
  const internal = addresses.filter((entry) => textOf(entry, "type") === "InternalIP");
  const address = internal
    .map((entry) => canonicalIp(textOf(entry, "address") ?? ""))
    .find((ip) => ip !== undefined);
  const ready = conditionOf(value, "Ready");
  const annotations = Object.entries(textEntries(fieldOf(value, "metadata", "annotations")));
  const info = (key: string): string => (textOf(value, "status", "nodeInfo", key) ?? "").slice(0, 200);
  const uid = (textOf(value, "metadata", "uid") ?? "").slice(0, 200);
  const machineId = info("machineID");
  const kube: KubeNode = {
    ...(uid === "" ? {} : { uid }),
    ...(machineId === "" ? {} : { machineId }),
    runtime: info("containerRuntimeVersion"),
    ready: ready?.status === "True",
    notReady: ready?.status === "True" ? null : say(ready?.reason ?? "Unknown", ready?.message ?? ""),
    cordoned: fieldOf(value, "spec", "unschedulable") === true,
    taints: asList(fieldOf(value, "spec", "taints"))
      .slice(0, 100)
      .map((taint) => ({
        key: textOf(taint, "key") ?? "",
        value: textOf(taint, "value") ?? "",
        effect: textOf(taint, "effect") ?? "",
      })),
    podCidrs: asList(fieldOf(value, "spec", "podCIDRs")).filter(
      (cidr): cidr is string => typeof cidr === "string",
    ),
    osImage: info("osImage"),
    kernel: info("kernelVersion"),
    annotations: Object.fromEntries(annotations.filter(([, text]) => text.length <= 1000).slice(0, 50)),
  };
  return { name, kube, ...(address === undefined ? {} : { address }) };
}
