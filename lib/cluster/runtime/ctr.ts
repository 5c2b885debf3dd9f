import type { NetnsRef } from "../../model/cluster.js";
import { distinctAddresses, hostInterfaces } from "./cni-cache.js";
import { CONTAINERD_SOCKETS, PROGRAM_FOLDERS } from "./places.js";
import { isolationBy } from "./isolation.js";
import { isNetnsPath, isRuntimeId } from "../names.js";
import { isKubernetesName, type SeenPod } from "./pod-summary.js";
import { asList, fieldOf, integerOf, parseJson, textEntries, textOf } from "../../linux/json.js";

/**
 * The sandboxes of containerd by its own ctr(8). $1: endpoint of the profile or empty; $2, $3: namespace and name of
 * a pod, or empty for all. Prints the list of tasks, then one `ctr containers info` each, an ASCII record separator
 * before every one. Sockets are looked for as process 1 sees them: where the programs are an image's, they are not at
 * their place here. Constant POSIX sh.
 */
export const CTR_SCRIPT = `
PATH=$PATH:${PROGRAM_FOLDERS}
command -v ctr >/dev/null 2>&1 || { echo "ctr: not found" >&2; exit 127; }
root=/proc/1/root
[ -d "$root/run" ] || root=
address=\${1#unix://}
if [ -z "$address" ]; then
  for socket in ${CONTAINERD_SOCKETS}; do
    if [ -S "$root$socket" ]; then address=$socket; break; fi
  done
fi
[ -n "$address" ] || { echo "ctr: no socket of containerd" >&2; exit 127; }
filter='labels."io.cri-containerd.kind"==sandbox'
if [ -n "$3" ]; then
  filter="$filter,labels.\\"io.kubernetes.pod.namespace\\"==\\"$2\\",labels.\\"io.kubernetes.pod.name\\"==\\"$3\\""
fi
ids=$(ctr -a "$address" --connect-timeout 2s -n k8s.io containers ls -q "$filter") || exit $?
printf '\\036'
ctr -a "$address" -n k8s.io tasks ls || exit $?
for id in $ids; do
  printf '\\036'
  ctr -a "$address" -n k8s.io containers info "$id" 2>/dev/null
done
exit 0
`;

const RECORD_SEPARATOR = "\u001e";

/** What CTR_SCRIPT printed: the pods whose sandbox runs. What is no sandbox, or says too little, is left out. */
export function parseCtr(text: string, node: string): SeenPod[] {
  const [, tasks = "", ...infos] = text.split(RECORD_SEPARATOR);
  const pids = parseTasks(tasks);
  return infos.flatMap((info) => {
    const seen = parseContainer(parseJson(info), { node, pids });
    return seen === null ? [] : [seen];
  });
}

/** `TASK PID STATUS`, of which only what runs counts. */
function parseTasks(text: string): ReadonlyMap<string, number> {
  const pids = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, id, pid] = /^(\S{1,256})\s+([0-9]{1,10})\s+RUNNING\s*$/.exec(line) ?? [];
    if (id !== undefined && Number(pid) > 0) pids.set(id, Number(pid));
  }
  return pids;
}

function parseContainer(
  value: unknown,
  known: { readonly node: string; readonly pids: ReadonlyMap<string, number> },
): SeenPod | null {
  const { node } = known;
  const labels = textEntries(fieldOf(value, "Labels"));
  const sandboxId = textOf(value, "ID");
  const pid = sandboxId === null ? undefined : known.pids.get(sandboxId);
  const namespace = textOf(labels, "io.kubernetes.pod.namespace");
  const name = textOf(labels, "io.kubernetes.pod.name");
  if (sandboxId === null || !isRuntimeId(sandboxId) || pid === undefined) return null;
  if (textOf(labels, "io.cri-containerd.kind") !== "sandbox") return null;
  if (namespace === null || name === null || !isKubernetesName(namespace) || !isKubernetesName(name))
    return null;
  const metadata = fieldOf(parseMetadata(value), "Metadata");
  const netns = findNetns(value, { metadata, pid });
  const hostNetwork = netns.kind === "host";
  const uid = textOf(labels, "io.kubernetes.pod.uid") ?? "";
  const attempt = integerOf(metadata, "Config", "metadata", "attempt") ?? 0;
  const createdAtMs = Date.parse(textOf(value, "CreatedAt") ?? "");
  const createdAtNs = Number.isFinite(createdAtMs) && createdAtMs > 0 ? `${createdAtMs}000000` : "0";
  const more = asList(fieldOf(metadata, "AdditionalIPs")).map((ip) => (typeof ip === "string" ? ip : null));
  const isolation = isolationBy([textOf(value, "Runtime", "Name"), textOf(metadata, "RuntimeHandler")]);
  const ips = distinctAddresses([textOf(metadata, "IP"), ...more]);
  return {
    summary: { namespace, name, uid, node, sandboxId, attempt, createdAtNs, labels, source: "ctr" },
    pod: {
      ...{ namespace, name, uid, node, sandboxId, pid, netns, hostNetwork, ips, labels },
      containers: [],
      cniHostInterfaces: hostNetwork ? [] : hostInterfaces(fieldOf(metadata, "CNIResult", "Interfaces")),
      ...(isolation === undefined ? {} : { isolation }),
    },
  };
}

/** What containerd's CRI plugin keeps of a sandbox: JSON in base64, in an extension of its own. */
function parseMetadata(value: unknown): unknown {
  const encoded = textOf(value, "Extensions", "io.cri-containerd.sandbox.metadata", "value") ?? "";
  return parseJson(Buffer.from(encoded, "base64").toString("utf8"));
}

function findNetns(value: unknown, known: { readonly metadata: unknown; readonly pid: number }): NetnsRef {
  const options = ["Config", "linux", "security_context", "namespace_options", "network"];
  if (integerOf(known.metadata, ...options) === 2) return { kind: "host" };
  const namespaces = asList(fieldOf(value, "Spec", "linux", "namespaces"));
  const network = namespaces.find((entry) => fieldOf(entry, "type") === "network");
  const path = textOf(network, "path") ?? "";
  if (path !== "" && isNetnsPath(path)) return { kind: "path", path };
  if (namespaces.length > 0 && network === undefined) return { kind: "host" };
  return { kind: "path", path: `/proc/${known.pid}/ns/net` };
}
