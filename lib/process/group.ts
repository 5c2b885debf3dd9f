import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { hasEnded, readProcessStat } from "./proc-stat.js";

/** How long a process group may take between SIGTERM and SIGKILL. */
const KILL_GRACE_MS = 2_000;
/** How long pipes may stay open after the group's end: a process that left the group can hold them. */
const PIPE_GRACE_MS = 250;
const POLL_MS = 10;
/** Every so many polls /proc is searched: a zombie that init has not reaped yet answers signals as well. */
const POLLS_PER_SEARCH = 5;

interface GroupPipes {
  /** Settles when the leader has ended and every pipe to us is closed. */
  readonly closed: Promise<unknown>;
  /** Closes our ends. */
  readonly close: () => void;
}

/** Ends a process group: SIGTERM, SIGKILL after 2 s. Resolves when it has ended and its pipes are closed. */
export async function endGroup(pid: number, pipes: GroupPipes): Promise<void> {
  signalGroup(pid, "SIGTERM");
  if (!(await waitForGroup(pid))) signalGroup(pid, "SIGKILL");
  await Promise.race([pipes.closed, sleep(PIPE_GRACE_MS)]);
  pipes.close();
}

/** False where no process of the group is left (ESRCH). */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

async function waitForGroup(pid: number): Promise<boolean> {
  const deadline = Date.now() + KILL_GRACE_MS;
  for (let polls = 1; Date.now() < deadline; polls++) {
    if (!signalGroup(pid, 0)) return true;
    if (polls % POLLS_PER_SEARCH === 0 && process.platform === "linux" && !hasLiving(pid)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function hasLiving(group: number): boolean {
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    const stat = readProcessStat(name);
    return stat?.group === group && !hasEnded(stat);
  });
}
