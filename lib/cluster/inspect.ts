import { HopbookError } from "../errors.js";
import type { Argv, NodeAccess } from "../model/access.js";
import type { Container, NetnsRef, Pod } from "../model/cluster.js";
import { canonicalIp } from "./address.js";
import { inspectByCrictl, type CrictlOptions } from "./crictl.js";
import { asList, asRecord, fieldOf, integerOf, parseJson, textOf } from "./json.js";
import { isInterfaceName, isNetnsPath, showText } from "./names.js";
import { listContainers, type PodSummary } from "./sandboxes.js";
import { runOnNode } from "./run.js";

/** Sandboxes an exec: an inspection prints about 30 KB. */
const INSPECT_BATCH = 64;

/** libcni's cache of the CNI's answers, for runtimes that do not show them: $1 is the sandbox's id. */
export const CNI_CACHE_SCRIPT = `for file in /var/lib/cni/results/*-"$1"-*; do
  if [ -f "$file" ]; then printf '\\036'; cat "$file"; fi
done
`;

/**
 * What only an inspection tells of pods of one node: PID, network namespace, addresses and the CNI's
 * result, in the order asked for; null for a pod that has gone meanwhile or whose answer says too little.
 */
export async function inspectPods(
  access: NodeAccess,
  summaries: readonly PodSummary[],
  options: CrictlOptions = {},
): Promise<(Pod | null)[]> {
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
  try {
    return parseSandbox(text, { summary, containers: [] });
  } catch (error) {
    if (error instanceof HopbookError) return null;
    throw error;
  }
}

/** One pod with its containers, and with libcni's cache read where the runtime shows no CNI result. */
export async function inspectPod(
  access: NodeAccess,
  summary: PodSummary,
  options: CrictlOptions = {},
): Promise<Pod> {
  const [texts, containers] = await Promise.all([
    inspectByCrictl(access, [summary.sandboxId], options),
    listContainers(access, options),
  ]);
  const mine = containers.get(summary.sandboxId) ?? [];
  const pod = parseSandbox(texts[0] ?? "", { summary, containers: mine });
  if (pod.hostNetwork || pod.cniHostInterfaces.length > 0) return pod;
  return { ...pod, cniHostInterfaces: await readCniCache(access, summary.sandboxId, options) };
}

async function readCniCache(
  access: NodeAccess,
  sandboxId: string,
  options: CrictlOptions,
): Promise<readonly string[]> {
  const argv: Argv = ["sh", "-c", CNI_CACHE_SCRIPT, "hopbook-cni-cache", sandboxId];
  const doing = "read the CNI's cached result";
  const result = await runOnNode(access, argv, { action: "runtime/inspect", doing, signal: options.signal });
  const texts = result.stdout.toString("utf8").split("\u001e").slice(1);
  return texts.flatMap((text) => hostInterfaces(fieldOf(parseJson(text), "result", "interfaces")));
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
  const all = [textOf(network, "ip"), ...more].map((ip) => (ip === null ? undefined : canonicalIp(ip)));
  return [...new Set(all.filter((ip): ip is string => ip !== undefined))];
}

/** Interfaces of a CNI result without a sandbox: containerd's map by name, or the CNI specification's list. */
function hostInterfaces(interfaces: unknown): string[] {
  const entries: [string | null, unknown][] = Array.isArray(interfaces)
    ? (interfaces as unknown[]).map((entry) => [textOf(entry, "name"), fieldOf(entry, "sandbox")])
    : Object.entries(asRecord(interfaces)).map(([name, entry]) => [name, fieldOf(entry, "Sandbox")]);
  return entries
    .filter(([, sandbox]) => sandbox === undefined || sandbox === "")
    .map(([name]) => name)
    .filter((name): name is string => name !== null && isInterfaceName(name));
}
