import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabState } from "../../lib/lab/index.js";

/**
 * What is on a lab's nodes that a run could leave there: processes (of the nodes and of their pods, by mount
 * namespace, so that one which was entered counts as well) and files in the folders one may write to. Each is
 * a line that starts with its node.
 */
export type Snapshot = ReadonlySet<string>;

const FOLDERS = ["/var/tmp", "/tmp", "/dev/shm", "/root"];
/** As a node has it: the machine itself need not have tracefs mounted. */
const TRACE_INSTANCES = "/sys/kernel/tracing/instances";
const POLL_MS = 100;

export function takeSnapshot(lab: LabState): Snapshot {
  const found = new Set<string>();
  for (const { node, line } of listProcesses(lab)) found.add(`${node}: process ${line}`);
  for (const node of lab.nodes) {
    for (const folder of FOLDERS) {
      for (const file of listFiles(join("/proc", String(node.pid), "root", folder), node.pid)) {
        found.add(`${node.name}: file ${join(folder, file)}`);
      }
    }
  }
  return found;
}

/** What is there now and was not before. */
export function listLeft(before: Snapshot, lab: LabState): string[] {
  const known = new Set([...before].map(identityOf));
  return [...takeSnapshot(lab)].filter((line) => !known.has(identityOf(line)));
}

/** A process is the same one whatever it calls itself: sshd's title counts those that log in. */
function identityOf(line: string): string {
  return /^\S+: process \S+/.exec(line)?.[0] ?? line;
}

/** Waits until nothing is left of what came since the snapshot. Resolves with what is after the time is over. */
export async function waitUntilClean(
  before: Snapshot,
  lab: LabState,
  options: { readonly withinMs: number; readonly outDir?: string },
): Promise<{ readonly left: readonly string[]; readonly afterMs: number }> {
  const startedMs = performance.now();
  for (;;) {
    const left = [...listLeft(before, lab), ...listInstances(options.outDir, lab)];
    const afterMs = Math.round(performance.now() - startedMs);
    if (left.length === 0 || afterMs > options.withinMs) return { left, afterMs };
    await sleep(POLL_MS);
  }
}

/**
 * Trace instances of the runs whose folders are in `outDir`. All labs of a machine share one kernel, so those of
 * others must not count: a run is known by its plan, which names the instances.
 */
export function listInstances(outDir: string | undefined, lab: LabState): string[] {
  const instances = join("/proc", String(lab.nodes[0]?.pid), "root", TRACE_INSTANCES);
  if (outDir === undefined || !existsSync(outDir) || !existsSync(instances)) return [];
  const there = readdirSync(instances);
  return readdirSync(outDir).flatMap((run) => {
    const plan = join(outDir, run, "plan.json");
    if (!existsSync(plan)) return [];
    const text = readFileSync(plan, "utf8");
    return there.filter((name) => text.includes(`"${name}"`)).map((name) => `trace instance ${name}`);
  });
}

/** Processes on the nodes whose command line has the text, as lines. */
export function findProcesses(lab: LabState, text: string): string[] {
  return listProcesses(lab)
    .filter(({ line }) => line.includes(text))
    .map(({ node, line }) => `${node}: ${line}`);
}

interface FoundProcess {
  readonly node: string;
  readonly pid: number;
  /** `pid@start command line` */
  readonly line: string;
}

export function listProcesses(lab: LabState): FoundProcess[] {
  const nodeOf = new Map<string, string>();
  const stats = readStats();
  for (const node of lab.nodes) {
    nodeOf.set(readNamespace(node.pid), node.name);
    // Pods' processes are below the node's, and have mount namespaces of their own.
    for (const pid of stats.keys()) {
      if (isBelow(pid, node.pid, stats)) nodeOf.set(readNamespace(pid), node.name);
    }
  }
  nodeOf.delete("");
  const found: FoundProcess[] = [];
  for (const [pid, stat] of stats) {
    const node = nodeOf.get(readNamespace(pid));
    if (node === undefined || stat.state === "Z") continue;
    const argv = readArgv(pid);
    // The lab's idle `sleep`s come and go with what its shells do; nobody else sleeps for 24 days.
    if (argv.startsWith("sleep 2147483")) continue;
    found.push({ node, pid, line: `${pid}@${stat.start} ${argv}` });
  }
  return found;
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly start: string;
}

function readStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = readOrEmpty(`/proc/${name}/stat`);
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (fields.length > 19) {
      stats.set(Number(name), { state: fields[0] ?? "", parent: Number(fields[1]), start: fields[19] ?? "" });
    }
  }
  return stats;
}

function isBelow(pid: number, ancestor: number, stats: ReadonlyMap<number, Stat>): boolean {
  for (let at = pid, steps = 0; at > 1 && steps < 64; at = stats.get(at)?.parent ?? 0, steps += 1) {
    if (at === ancestor) return true;
  }
  return false;
}

function readNamespace(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return "";
  }
}

function readArgv(pid: number): string {
  const words = readOrEmpty(`/proc/${pid}/cmdline`).split("\0");
  return words
    .map((word) => (word.includes("\n") ? "…" : word))
    .join(" ")
    .trim();
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Everything below a folder; only where it is a file system of the node's own, not the machine's. */
function listFiles(folder: string, pid: number): string[] {
  try {
    if (statSync(folder).dev === statSync(folder.replace(`/proc/${pid}/root`, "")).dev) return [];
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}

/** Processes of this machine whose command line has the text (an ssh master names its socket's folder). */
export function findOwnProcesses(text: string): string[] {
  return [...readStats()]
    .filter(([pid, stat]) => stat.state !== "Z" && pid !== process.pid && readArgv(pid).includes(text))
    .map(([pid]) => `${pid} ${readArgv(pid)}`);
}
