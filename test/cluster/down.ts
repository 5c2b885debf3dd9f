import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readProcessFile } from "../../lib/lab/state.js";
import { cgroupName, stateDir } from "./names.js";
import { until } from "./run.js";
import { findProcesses, isAlive, type ClusterProcess } from "./state.js";

/** A containerd that is ended while it writes an image down waits for the disk first: 15 s were seen. */
const GONE_TIMEOUT_MS = 60_000;
const CGROUPS = "/sys/fs/cgroup";

/**
 * Takes the cluster down and leaves nothing but the cache: ends its pid 1, with which the kernel ends every process,
 * mount and namespace of it, then removes its cgroups and its folder. No error where none is up. Throws where a
 * process or a cgroup does not go.
 */
export async function downCluster(): Promise<void> {
  const dir = stateDir();
  const all = findClusterProcesses(dir);
  const noted = readProcessFile(join(dir, "supervisor"));
  const first = all.filter((each) => each.pid === noted?.pid && each.startTimeTicks === noted.startTimeTicks);
  // The unshare above pid 1 then reaps it and ends; where pid 1 is not known, ending the unshare ends it.
  for (const { pid } of first.length > 0 ? first : all) kill(pid);
  await until("the cluster's processes are gone", GONE_TIMEOUT_MS, () => {
    return all.every((each) => !isAlive(each)) || null;
  });
  await until("the cluster's cgroups are empty", GONE_TIMEOUT_MS, () => removeCgroups(dir) || null);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Whatever runs the cluster's own scripts. */
export function findClusterProcesses(dir: string): ClusterProcess[] {
  const scripts = [join(dir, "supervise.sh"), join(dir, "node.sh")];
  return findProcesses(
    (words) => ["sh", "unshare"].includes(words[0] ?? "") && scripts.some((script) => words.includes(script)),
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Where the cgroups of a folder's cluster are: under v1 in a tree for each controller. */
export function findCgroups(dir: string): string[] {
  if (!existsSync(CGROUPS)) return [];
  const trees = [CGROUPS, ...readdirSync(CGROUPS).map((name) => join(CGROUPS, name))];
  return trees.map((tree) => join(tree, cgroupName(dir))).filter((path) => existsSync(path));
}

/** Removes the cluster's cgroups from the leaves up; false where a process is still in one. */
function removeCgroups(dir: string): boolean {
  return findCgroups(dir).every(removeCgroup);
}

function removeCgroup(path: string): boolean {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory() && !removeCgroup(join(path, entry.name))) return false;
  }
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (["EBUSY", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
