import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchV1Api, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { mostMs } from "../fixtures/patience.js";
import type { ClusterState } from "./state.js";

export interface LookOptions {
  readonly config: KubeConfig;
  /** null for somebody else's cluster, whose nodes cannot be looked at. */
  readonly own: ClusterState | null;
  /** The client's own folder for temporary files. */
  readonly tmpDir?: string;
  /** Only of these runs; absent: of all. */
  readonly runs?: readonly string[];
}

const OURS = "app.kubernetes.io/managed-by=hopbook";
const RUN = "hopbook.dev/run";
const NODE_FOLDERS = ["var/tmp", "tmp", "dev/shm", "run", "run/netns", "root"];
const INSTANCES = "sys/kernel/tracing/instances";

/**
 * Whatever of hopbook is there, a line each: pods, jobs, configmaps, claims and namespaces with its label, ephemeral
 * containers that run, processes of the nodes and of this machine, files, trace instances, network namespaces, sockets.
 */
export async function findLeftBehind(options: LookOptions): Promise<readonly string[]> {
  const found = [
    ...(await listObjects(options)),
    ...(options.own === null ? [] : listOnNodes(options.own)),
    ...(options.tmpDir === undefined ? [] : listHere(options.tmpDir)),
  ];
  const { runs } = options;
  return runs === undefined ? found : found.filter((line) => runs.some((run) => line.includes(run)));
}

/** Waits until nothing is left, or the time is over, on a busy machine some times that: what is there then. */
export async function waitUntilNothingLeft(
  options: LookOptions & { readonly withinMs: number },
): Promise<{ readonly left: readonly string[]; readonly afterMs: number }> {
  const startedMs = performance.now();
  for (;;) {
    const left = await findLeftBehind(options);
    const afterMs = Math.round(performance.now() - startedMs);
    if (left.length === 0 || afterMs > mostMs(options.withinMs)) return { left, afterMs };
    await sleep(200);
  }
}

async function listObjects({ config }: LookOptions): Promise<string[]> {
  const core = config.makeApiClient(CoreV1Api);
  const batch = config.makeApiClient(BatchV1Api);
  const labelSelector = OURS;
  const lists = await Promise.all([
    core.listPodForAllNamespaces({ labelSelector }).then(({ items }) => ({ kind: "pod", items })),
    batch.listJobForAllNamespaces({ labelSelector }).then(({ items }) => ({ kind: "job", items })),
    core.listConfigMapForAllNamespaces({ labelSelector }).then(({ items }) => ({ kind: "configmap", items })),
    core
      .listPersistentVolumeClaimForAllNamespaces({ labelSelector })
      .then(({ items }) => ({ kind: "claim", items })),
    core.listNamespace({ labelSelector }).then(({ items }) => ({ kind: "namespace", items })),
  ]);
  const objects = lists.flatMap(({ kind, items }) =>
    items.map(({ metadata }) => {
      const name = [metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join("/");
      return `${kind} ${name} of run ${metadata?.labels?.[RUN] ?? "unknown"}`;
    }),
  );
  const pods = await core.listPodForAllNamespaces();
  const ephemeral = pods.items.flatMap(({ metadata, status }) =>
    (status?.ephemeralContainerStatuses ?? [])
      .filter(({ name, state }) => name.startsWith("hopbook") && state?.running !== undefined)
      .map(
        ({ name }) => `ephemeral container ${name} of ${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`,
      ),
  );
  return [...objects, ...ephemeral];
}

function listOnNodes(own: ClusterState): string[] {
  const stats = readParents();
  const nodeOf = new Map(own.nodes.map((node) => [node.pid, node.name]));
  const found: string[] = [];
  for (const pid of stats.keys()) {
    const node = ancestorOf(pid, stats, nodeOf);
    if (node === undefined) continue;
    const run = /(?:^|\0)HOPBOOK_RUN=([^\0]*)/.exec(readOrEmpty(`/proc/${pid}/environ`))?.[1];
    const words = readOrEmpty(`/proc/${pid}/cmdline`).split("\0");
    const script = words.find((word) => /^hopbook-[a-z-]+$/.test(word));
    if (run === undefined && script === undefined) continue;
    const shown = words.map((word) => (word.includes("\n") ? "…" : word)).join(" ");
    found.push(`${node}: process ${pid} ${shown.trim().slice(0, 120)} of run ${run ?? "unknown"}`);
  }
  for (const { name, pid } of own.nodes) {
    const root = `/proc/${pid}/root`;
    for (const folder of NODE_FOLDERS) {
      // Some folders of a node are this machine's own.
      if (identityOf(join(root, folder)) === identityOf(`/${folder}`)) continue;
      for (const file of listOrEmpty(join(root, folder))) {
        if (/^hopbook-(?!test-cluster)/.test(file)) found.push(`${name}: file /${folder}/${file}`);
      }
    }
    for (const file of listOrEmpty(join(root, INSTANCES))) {
      if (file.startsWith("hopbook-") && file.endsWith(`-${name}`)) found.push(`${name}: trace ${file}`);
    }
  }
  return found;
}

function listHere(tmpDir: string): string[] {
  const files = listOrEmpty(tmpDir).map((file) => `here: file ${join(tmpDir, file)}`);
  const processes = [...readParents().keys()].flatMap((pid) => {
    const words = readOrEmpty(`/proc/${pid}/cmdline`).split("\0");
    if (pid === process.pid || !words.some((word) => word.includes(`${tmpDir}/`))) return [];
    return [`here: process ${pid} ${words.join(" ").slice(0, 160)}`];
  });
  return [...files, ...processes];
}

/** What this process has open, by kind: sockets, pipes, files. */
export function countOpen(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const fd of listOrEmpty("/proc/self/fd")) {
    let target: string;
    try {
      target = readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      continue; // the descriptor of this very listing
    }
    const kind = /^([a-z_]+):/.exec(target)?.[1] ?? "file";
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Children of this process that have not ended. */
export function countChildren(): number {
  const parents = readParents();
  return [...parents.values()].filter((parent) => parent === process.pid).length;
}

function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = readOrEmpty(`/proc/${name}/stat`);
    const [state, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (state !== undefined && state !== "Z" && state !== "") parents.set(Number(name), Number(parent));
  }
  return parents;
}

function ancestorOf(
  pid: number,
  parents: ReadonlyMap<number, number>,
  nodes: ReadonlyMap<number, string>,
): string | undefined {
  for (let at = pid, steps = 0; at > 1 && steps < 64; at = parents.get(at) ?? 0, steps += 1) {
    const node = nodes.get(at);
    if (node !== undefined) return node;
  }
  return undefined;
}

function identityOf(folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function listOrEmpty(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
