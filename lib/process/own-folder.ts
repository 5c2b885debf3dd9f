import {
  type Dirent,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasEnded, readProcessStat } from "./proc-stat.js";

/** Every temporary folder of ours has one of these in front of its six random characters. */
const NAME = /^hopbook-(?:(?:ssh|script|replay)-)?[0-9A-Za-z]{6}$/;
const OWNER_FILE = ".owner";
/** Of whose owner nothing can be told: older clients wrote none, another container has processes of its own. */
const FORGOTTEN_MS = 24 * 60 * 60_000;
const MAX_LOOKED_AT = 1000;

const cleared = new Set<string>();

/**
 * Makes a temporary folder of this process, 0700, in which stands whose it is; the first time it also takes away those
 * that clients left which were killed.
 */
export function makeOwnFolder(kind: "ssh" | "script" | "replay", parent = tmpdir()): string {
  if (!cleared.has(parent)) {
    cleared.add(parent);
    clearStaleFolders(parent);
  }
  const folder = mkdtempSync(join(parent, `hopbook-${kind}-`));
  writeFileSync(join(folder, OWNER_FILE), `${process.pid} ${startOf(process.pid)} ${pidNamespace()}\n`, {
    mode: 0o600,
  });
  return folder;
}

/** Removes our own temporary folders whose process has ended; the names of those that went. Never throws. */
export function clearStaleFolders(parent = tmpdir()): string[] {
  const gone: string[] = [];
  for (const { name } of listFolders(parent)) {
    const folder = join(parent, name);
    try {
      if (!isStale(folder)) continue;
      rmSync(folder, { recursive: true });
      gone.push(name);
    } catch {
      // Another client was quicker, or it is not ours to remove: whoever owns it will.
    }
  }
  return gone;
}

function listFolders(parent: string): readonly Dirent[] {
  try {
    const entries = readdirSync(parent, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && NAME.test(entry.name)).slice(0, MAX_LOOKED_AT);
  } catch {
    return [];
  }
}

function isStale(folder: string): boolean {
  const { uid, mtimeMs, mode } = lstatSync(folder);
  // Everybody may write there; what others made, or opened to others, is left alone.
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) return false;
  const isForgotten = Date.now() - mtimeMs > FORGOTTEN_MS;
  const match = /^(\d{1,10}) (\d{1,20}) (\S{1,64})\n$/.exec(readOwner(folder));
  const [, pid = "", start = "", namespace = ""] = match ?? [];
  if (match === null || namespace !== pidNamespace()) return isForgotten;
  return startOf(Number(pid)) !== start;
}

function readOwner(folder: string): string {
  try {
    return readFileSync(join(folder, OWNER_FILE), "utf8");
  } catch {
    return "";
  }
}

/** When a process began, in clock ticks; "0" where it lives and the system does not say; "" where there is none. */
function startOf(pid: number): string {
  if (process.platform === "linux") {
    const stat = readProcessStat(pid);
    return stat === null || hasEnded(stat) ? "" : String(stat.startTimeTicks);
  }
  try {
    process.kill(pid, 0);
    return "0";
  } catch {
    return "";
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "-";
  }
}
