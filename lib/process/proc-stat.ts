import { readFileSync } from "node:fs";

/** What hopbook reads of /proc/PID/stat (proc(5)). */
interface ProcessStat {
  /** R, S, D, T, …; Z and X have ended. */
  readonly state: string;
  readonly group: number;
  /** Field 22: clock ticks since boot. */
  readonly startTimeTicks: number;
}

/**
 * null where there is no such process. Field 2, the program's name, may hold spaces and parentheses, so the
 * fields are counted from the last parenthesis.
 */
export function readProcessStat(pid: number | string): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const group = Number(fields[2]);
  const startTimeTicks = Number(fields[19]);
  if (!Number.isSafeInteger(group) || !Number.isSafeInteger(startTimeTicks)) return null;
  return { state: fields[0] ?? "", group, startTimeTicks };
}

export function hasEnded(stat: ProcessStat | null): boolean {
  return stat === null || stat.state === "Z" || stat.state === "X";
}
