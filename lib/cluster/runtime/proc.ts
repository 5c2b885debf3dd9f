import { parseCniCache, type CniResult } from "./cni-cache.js";
import { isRuntimeId } from "../names.js";
import { isKubernetesName, type SeenPod } from "./pod-summary.js";

/**
 * The pods of a node with no help of its runtime. The kubelet names each pod's folder of logs NAMESPACE_NAME_UID and
 * each pod's cgroup by the UID, whatever the runtime; libcni keeps what the CNI answered. $2, $3: namespace and name
 * of a pod, or empty for all. All is read as process 1 sees it: where the programs are an image's, the folders are not
 * at their place here. A process that ends meanwhile is passed over. Of libcni's files only the answer is printed: they
 * hold the pods' annotations as well. Constant POSIX sh.
 */
export const PROC_SCRIPT = `
root=/proc/1/root
[ -d "$root/proc" ] || root=
printf 'host %s\\n' "$(readlink /proc/1/ns/net 2>/dev/null)"
for folder in "$root"/var/log/pods/\${2:-*}_\${3:-*}_*; do
  if [ -d "$folder" ]; then printf 'pod %s\\n' "\${folder##*/}"; fi
done
for proc in /proc/[0-9]*; do
  found=
  while IFS= read -r line; do
    case $line in *pod*) found=$line; break ;; esac
  done 2>/dev/null <"$proc/cgroup"
  [ -n "$found" ] || continue
  net=$(readlink "$proc/ns/net" 2>/dev/null) || continue
  comm=
  read -r comm 2>/dev/null <"$proc/comm"
  case $comm in pause | conmon*) ;; *) comm=other ;; esac
  printf 'process %s %s %s %s\\n' "\${proc#/proc/}" "$net" "\${comm%%[!a-z]*}" "$found"
done
for file in "$root"/var/lib/cni/results/*; do
  [ -f "$file" ] || continue
  printf '\\036%s\\n' "\${file##*/}"
  sed -n -e 'h' -e 's/.*\\["K8S_POD_UID","\\([0-9a-f-]*\\)"\\].*/uid \\1/p' -e 'g' -e 's/.*"result":/{"result":/p' "$file" 2>/dev/null
done
exit 0
`;

const RECORD_SEPARATOR = "\u001e";
/** With the systemd driver dashes are underscores; a static pod's is the hash of its manifest. */
const UID = "[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32}";
/** The first of a path: below its own cgroup a container may make what it likes. */
const POD_CGROUP = new RegExp(`^.*?[/-]pod(${UID})(?:\\.slice)?(?:[/:](.*))?$`);

interface PodProcess {
  readonly pid: number;
  readonly netns: string;
  readonly comm: string;
  readonly podUid: string;
  readonly containerId: string | null;
  /** Of its cgroup below the pod's: a container's own processes are at 1. */
  readonly depth: number;
}

/** What PROC_SCRIPT printed: the pods that have a process. A pod without a folder of logs has no name, and is left out. */
export function parseProc(text: string, node: string): SeenPod[] {
  const [head = "", ...files] = text.split(RECORD_SEPARATOR);
  const lines = head.split("\n");
  const host = lines.find((line) => line.startsWith("host "))?.slice(5) ?? "";
  const processes = lines.flatMap(parseProcess);
  const caches = files.map(parseCacheFile);
  return lines.flatMap((line) => {
    const [, namespace = "", name = "", uid = ""] = /^pod ([^_]+)_([^_]+)_([^_]+)$/.exec(line) ?? [];
    if (!isKubernetesName(namespace) || !isKubernetesName(name)) return [];
    const mine = processes.filter((process) => process.podUid === uid && !process.comm.startsWith("conmon"));
    const seen = buildSeen({ namespace, name, uid, node }, { processes: mine, host, caches });
    return seen === null ? [] : [seen];
  });
}

function parseProcess(line: string): PodProcess[] {
  const words = /^process ([0-9]{1,10}) (net:\[[0-9]{1,20}\]) ([a-z]*) (.*)$/.exec(line);
  const [, pid, netns = "", comm = "", cgroup = ""] = words ?? [];
  const [, uid, below = ""] = POD_CGROUP.exec(cgroup) ?? [];
  if (words === null || uid === undefined) return [];
  const containerId = /^(?:[a-z-]+[-:])?([0-9a-f]{64})(?:\.scope)?(?:\/|$)/.exec(below)?.[1] ?? null;
  const depth = below.split("/").length;
  return [{ pid: Number(pid), netns, comm, podUid: uid.replaceAll("_", "-"), containerId, depth }];
}

/** A file's name, `NETWORK-SANDBOX-INTERFACE`, the pod's UID where it is told, and the CNI's answer. */
function parseCacheFile(text: string): CniResult {
  const [name = "", ...lines] = text.split("\n");
  const [, sandboxId = null, ifName = null] = /-([0-9a-f]{12,64})-([^-]+)$/.exec(name) ?? [];
  const podUid = lines.find((line) => line.startsWith("uid "))?.slice(4) ?? null;
  const result = lines.find((line) => line.startsWith("{")) ?? "";
  return { ...parseCniCache(result), sandboxId, podUid, ifName };
}

function buildSeen(
  named: { readonly namespace: string; readonly name: string; readonly uid: string; readonly node: string },
  known: {
    readonly processes: readonly PodProcess[];
    readonly host: string;
    readonly caches: readonly CniResult[];
  },
): SeenPod | null {
  const { processes, host } = known;
  // A process in the node's own namespace among others is a helper of the runtime's, not the pod.
  const inside = processes.filter((process) => process.netns !== host);
  const [first] = (inside.length > 0 ? inside : processes).toSorted(compareProcesses);
  if (first === undefined) return null;
  const hostNetwork = inside.length === 0;
  const ids = new Set(processes.map((process) => process.containerId));
  const caches = known.caches.filter((cache) => cache.sandboxId !== null && cache.ifName !== "lo");
  const live = caches.filter((cache) => ids.has(cache.sandboxId));
  const ofPod = caches.filter((cache) => cache.podUid === named.uid);
  // CRI-O runs no process for a sandbox; what an earlier one left behind is told apart by there being several.
  const sandboxes = new Set(ofPod.map((cache) => cache.sandboxId));
  const mine = (live.length > 0 ? live : sandboxes.size === 1 ? ofPod : []).toSorted(putEth0First);
  const sandboxId = [mine[0]?.sandboxId, first.containerId].find(
    (id) => id !== null && id !== undefined && isRuntimeId(id),
  );
  const id = { ...named, sandboxId: sandboxId ?? named.uid, labels: {} };
  return {
    summary: { ...id, attempt: 0, createdAtNs: "0", source: "proc" },
    pod: {
      ...id,
      pid: first.pid,
      netns: hostNetwork ? { kind: "host" } : { kind: "path", path: `/proc/${first.pid}/ns/net` },
      hostNetwork,
      ips: hostNetwork ? [] : [...new Set(mine.flatMap((cache) => cache.ips))],
      containers: [],
      cniHostInterfaces: hostNetwork ? [] : mine.flatMap((cache) => cache.hostInterfaces),
    },
  };
}

/** The sandbox's own process first, then the containers' first ones. */
function compareProcesses(a: PodProcess, b: PodProcess): number {
  return a.depth - b.depth || Number(b.comm === "pause") - Number(a.comm === "pause") || a.pid - b.pid;
}

/** The cluster's own network before those that Multus adds. */
function putEth0First(a: CniResult, b: CniResult): number {
  return Number(b.ifName === "eth0") - Number(a.ifName === "eth0");
}
