import { HopbookError } from "../../errors.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { Container, NetnsRef, Pod } from "../../model/cluster.js";
import { distinctAddresses, hostInterfaces } from "./cni-cache.js";
import { inspectByCrictl, type CrictlOptions } from "./crictl.js";
import { isolationBy } from "./isolation.js";
import { isNetnsPath, showText } from "../names.js";
import type { SeenPod } from "./pod-summary.js";
import { completePod, seePods, seePodsAfter } from "./sources.js";
import { listContainers, listPods, type PodSummary } from "./sandboxes.js";
import { asList, fieldOf, integerOf, parseJson, textOf } from "../../linux/json.js";

/** Sandboxes an exec: an inspection prints about 30 KB. */
const INSPECT_BATCH = 64;

/** A pod as the API knows it. */
interface PodName {
  readonly namespace: string;
  readonly name: string;
  /** Of a static pod this is its mirror's, which no runtime knows: it is then found by its name. */
  readonly uid: string;
}

/**
 * The sandbox of a pod on the node that it runs on: PID, network namespace, addresses, host side. Throws
 * TARGET_NOT_FOUND where the node has no such pod that runs, RUNTIME_UNAVAILABLE.
 */
export async function findSandbox(
  access: GuardedAccess,
  pod: PodName,
  options: CrictlOptions = {},
): Promise<Pod> {
  const named = (await listPods(access, options)).filter(
    ({ namespace, name }) => namespace === pod.namespace && name === pod.name,
  );
  const found = named.find(({ uid }) => uid === pod.uid) ?? named[0];
  if (found !== undefined) return inspectPod(access, found, options);
  const message = `Cannot find the sandbox of ${pod.namespace}/${pod.name}: ${access.node} runs no such pod`;
  throw new HopbookError("TARGET_NOT_FOUND", message, {
    where: { node: access.node },
    hint: "check that the pod runs, and where: kubectl get pods -o wide",
  });
}

/**
 * What only an inspection tells of pods of one node: PID, network namespace, addresses and the CNI's
 * result, in the order asked for; null for a pod that has gone meanwhile or whose answer says too little.
 */
export async function inspectPods(
  access: GuardedAccess,
  summaries: readonly PodSummary[],
  options: CrictlOptions = {},
): Promise<(Pod | null)[]> {
  const [first] = summaries;
  const source = first?.source ?? "crictl";
  if (source !== "crictl") {
    const seen = await seePods(access, { ...options, action: "runtime/inspect", source });
    return summaries.map((summary) => findSeen(seen, summary)?.pod ?? null);
  }
  const pods: (Pod | null)[] = [];
  for (let start = 0; start < summaries.length; start += INSPECT_BATCH) {
    const batch = summaries.slice(start, start + INSPECT_BATCH);
    const ids = batch.map((summary) => summary.sandboxId);
    const texts = await inspectByCrictl(access, ids, options);
    pods.push(...batch.map((summary, index) => tryParseSandbox(texts[index] ?? "", summary)));
  }
  return pods;
}

function tryParseSandbox(text: string, summary: PodSummary): Pod | null {
  const parsed = parseOrSay(text, { summary, containers: [] });
  return parsed instanceof HopbookError ? null : parsed;
}

function parseOrSay(
  text: string,
  known: { readonly summary: PodSummary; readonly containers: readonly Container[] },
): Pod | HopbookError {
  try {
    return parseSandbox(text, known);
  } catch (error) {
    if (error instanceof HopbookError) return error;
    throw error;
  }
}

/** One pod with its containers, and with libcni's cache read where the runtime shows no CNI result. */
export async function inspectPod(
  access: GuardedAccess,
  summary: PodSummary,
  options: CrictlOptions = {},
): Promise<Pod> {
  const { source = "crictl" } = summary;
  if (source !== "crictl") {
    const seen = await seePods(access, { ...options, action: "runtime/inspect", only: summary, source });
    const found = findSeen(seen, summary);
    if (found === undefined) throw podGone(summary);
    return completePod(access, found.pod, options);
  }
  const [texts, containers] = await Promise.all([
    inspectByCrictl(access, [summary.sandboxId], options),
    listContainers(access, options),
  ]);
  const mine = containers.get(summary.sandboxId) ?? [];
  const pod = parseOrSay(texts[0] ?? "", { summary, containers: mine });
  if (!(pod instanceof HopbookError)) return completePod(access, pod, options);
  // cri-dockerd lists by the CRI but does not inspect by it.
  const seen = await seePodsAfter(pod, access, { ...options, action: "runtime/inspect", only: summary });
  const other = seen.find((each) => each.summary.uid === summary.uid);
  if (other === undefined) throw pod;
  return completePod(access, { ...other.pod, labels: summary.labels, containers: mine }, options);
}

function findSeen(seen: readonly SeenPod[], wanted: PodSummary): SeenPod | undefined {
  return seen.find(({ summary }) => summary.uid === wanted.uid && summary.sandboxId === wanted.sandboxId);
}

function podGone(summary: PodSummary): HopbookError {
  const pod = `${summary.namespace}/${summary.name}`;
  return new HopbookError("TARGET_NOT_FOUND", `Cannot inspect ${pod}: its sandbox has ended meanwhile`, {
    where: { node: summary.node },
    hint: "run it again: the pod was replaced or deleted",
  });
}

/** `crictl inspectp -o json` of containerd, CRI-O and older CRI-O, with what the list said of the pod. */
export function parseSandbox(
  text: string,
  known: { readonly summary: PodSummary; readonly containers: readonly Container[] },
): Pod {
  const { summary } = known;
  const parsed = parseJson(text);
  // crictl 1.31 and later print a list where several ids are given.
  const value = Array.isArray(parsed) ? (parsed as unknown[])[0] : parsed;
  const pid = integerOf(value, "info", "pid");
  const netns = findNetns(value, summary);
  const hostNetwork = netns.kind === "host";
  const interfaces = fieldOf(value, "info", "cniResult", "Interfaces");
  const isolation = isolationBy([
    textOf(value, "info", "runtimeType"),
    textOf(value, "info", "runtimeHandler"),
    textOf(value, "status", "runtimeHandler"),
    textOf(value, "info", "runtimeSpec", "annotations", "io.kubernetes.cri-o.RuntimeHandler"),
  ]);
  return {
    namespace: summary.namespace,
    name: summary.name,
    uid: summary.uid,
    node: summary.node,
    sandboxId: summary.sandboxId,
    pid: pid !== null && pid > 0 ? pid : null,
    netns,
    hostNetwork,
    ips: findAddresses(value),
    labels: summary.labels,
    containers: known.containers,
    cniHostInterfaces: hostNetwork ? [] : hostInterfaces(interfaces),
    ...(isolation === undefined ? {} : { isolation }),
  };
}

function findNetns(value: unknown, summary: PodSummary): NetnsRef {
  const mode = fieldOf(value, "status", "linux", "namespaces", "options", "network");
  if (mode === "NODE" || mode === 2) return { kind: "host" };
  const namespaces = asList(fieldOf(value, "info", "runtimeSpec", "linux", "namespaces"));
  const network = namespaces.find((entry) => fieldOf(entry, "type") === "network");
  // Older CRI-O drops the spec and names the path in the status.
  const path = textOf(network, "path") ?? textOf(value, "status", "linux", "namespaces", "network");
  if (path !== null && path !== "") {
    if (isNetnsPath(path)) return { kind: "path", path };
    throw netnsUnknown(summary, `its path ${showText(path)} cannot be used`);
  }
  const pid = integerOf(value, "info", "pid");
  if (pid !== null && pid > 0) return { kind: "path", path: `/proc/${pid}/ns/net` };
  if (namespaces.length > 0 && network === undefined) return { kind: "host" };
  throw netnsUnknown(
    summary,
    "there is neither info.runtimeSpec nor info.pid nor status.linux.namespaces.network",
  );
}

function netnsUnknown(summary: PodSummary, why: string): HopbookError {
  const pod = `${summary.namespace}/${summary.name}`;
  return new HopbookError("RUNTIME_UNAVAILABLE", `Cannot tell the network namespace of ${pod}: ${why}`, {
    where: { node: summary.node, argv: ["crictl", "inspectp", "-o", "json", summary.sandboxId] },
    hint: "check what `crictl inspectp` prints there: containerd and CRI-O say it, cri-dockerd does not",
  });
}

function findAddresses(value: unknown): string[] {
  const network = fieldOf(value, "status", "network");
  const more = asList(fieldOf(network, "additionalIps")).map((entry) => textOf(entry, "ip"));
  return distinctAddresses([textOf(network, "ip"), ...more]);
}
