import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../errors.js";
import { runProgram } from "./enter.js";
import { unshareArgv } from "./programs.js";
import { findTraceInstances, removeTraceInstances } from "./traces.js";
import { isAlive, locateLab, readProcessFile, readStat, readState } from "./state.js";
import type { LabOptions, LabProcess } from "./types.js";

const GONE_TIMEOUT_MS = 5000;
/** What a lab's maker runs before there is a pid 1, and what outlives a maker that was killed. */
const MAKERS_PROGRAMS: ReadonlySet<string> = new Set(["ssh-keygen", "mkfifo"]);

interface DownResult {
  readonly name: string;
  /** False where there was nothing to take down. */
  readonly existed: boolean;
  readonly downMs: number;
}

/**
 * Takes a lab down and leaves nothing of it: kills its pid 1, with which the kernel ends every process, mount
 * and namespace of the lab, then removes its folder. Works for a lab that is half up or whose maker was
 * killed; taking down what is not there is no error. Throws LAB_FAILED where a process does not die.
 */
export async function downLab(options: LabOptions = {}): Promise<DownResult> {
  const startedAtMs = performance.now();
  const { name, baseDir, dir } = locateLab(options);
  const existed = existsSync(dir);
  const supervisors = findSupervisors(dir);
  // Where pid 1 is known it alone is killed: the unshare above it then reaps it and ends.
  const [first] = supervisors;
  const noted = readProcessFile(join(dir, "supervisor"));
  const targets = first !== undefined && first.pid === noted?.pid ? [first] : supervisors;
  const traces = findTraceInstances((readState(options)?.nodes ?? []).map((node) => node.pid));
  killAll(name, targets);
  await waitUntilGone(name, supervisors);
  await removeTraceInstances(traces);
  await removeFolder(name, dir);
  removeHalfMade(baseDir, name);
  removeEmptyParents(baseDir);
  return {
    name,
    existed: existed || supervisors.length > 0,
    downMs: Math.round(performance.now() - startedAtMs),
  };
}

/**
 * The lab's pid 1 by its own note, and whatever else runs this lab's main script or makes its files: a maker that was
 * killed early leaves an unshare that has noted nothing yet, or an ssh-keygen that still writes.
 */
function findSupervisors(dir: string): LabProcess[] {
  const noted = readProcessFile(join(dir, "supervisor"));
  const found = noted !== null && isAlive(noted) ? [noted] : [];
  const script = join(dir, "scripts", "lab.sh");
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    let words: string[];
    try {
      words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
    } catch {
      continue;
    }
    const isOfLab =
      (words.includes(script) && words.includes("sh")) ||
      (MAKERS_PROGRAMS.has(words[0] ?? "") && words.some((word) => word.startsWith(`${dir}/`)));
    const stat = isOfLab ? readStat(Number(entry)) : null;
    if (stat !== null) found.push({ pid: Number(entry), startTimeTicks: stat.startTimeTicks });
  }
  return found;
}

function killAll(name: string, processes: readonly LabProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw refuse(name, pid, error);
    }
  }
}

function refuse(name: string, pid: number, cause: unknown): HopbookError {
  return new HopbookError(
    "LAB_FAILED",
    `Cannot take down lab ${name}: process ${String(pid)} is not ours to end`,
    {
      hint: "Run it as the user who brought the lab up",
      cause,
    },
  );
}

async function waitUntilGone(name: string, processes: readonly LabProcess[]): Promise<void> {
  const deadline = performance.now() + GONE_TIMEOUT_MS;
  for (;;) {
    const left = processes.filter(isAlive);
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      const pids = left.map(({ pid }) => String(pid)).join(", ");
      throw new HopbookError("LAB_FAILED", `Cannot take down lab ${name}: processes ${pids} do not end`);
    }
    await sleep(5);
  }
}

/**
 * Removes the lab's folder; in a rootless lab files may belong to subordinate ids, so from within one. A program that
 * a killed maker had just begun to start was not found among the lab's, and may make a file while the folder is
 * emptied: then it is looked for once more.
 */
async function removeFolder(name: string, dir: string): Promise<void> {
  const deadline = performance.now() + GONE_TIMEOUT_MS;
  for (;;) {
    try {
      rmSync(dir, { recursive: true, force: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOTEMPTY" && performance.now() < deadline) {
        killAll(name, findSupervisors(dir));
        await sleep(20);
        continue;
      }
      if (process.getuid?.() === 0) throw error;
      const result = await runProgram([...unshareArgv(true), "rm", "-rf", "--", dir]);
      if (result.exitCode !== 0) throw error;
      return;
    }
  }
}

/** Folders that were made for this lab and never got its name; a live maker's are left alone. */
function removeHalfMade(baseDir: string, name: string): void {
  if (!existsSync(baseDir)) return;
  for (const entry of readdirSync(baseDir)) {
    if (!entry.startsWith(`.${name}.`)) continue;
    const creator = readProcessFile(join(baseDir, entry, "creator"));
    if (creator === null || !isAlive(creator)) rmSync(join(baseDir, entry), { recursive: true, force: true });
  }
}

/** Removes the default base folders where this was the last lab: `…/hopbook/lab`, then `…/hopbook`. */
function removeEmptyParents(baseDir: string): void {
  if (!/\/hopbook(-\d+)?\/lab$/.test(baseDir)) return;
  try {
    rmdirSync(baseDir);
    rmdirSync(dirname(baseDir));
  } catch {
    // Another lab lives there, or there is nothing.
  }
}
