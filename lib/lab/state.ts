import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { HopbookError } from "../errors.js";
import type { LabOptions, LabProcess, LabState } from "./types.js";

const NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** Where labs keep their state: `$XDG_RUNTIME_DIR/hopbook/lab`, `/run/hopbook/lab`, `/tmp/hopbook-UID/lab`. */
function defaultBaseDir(): string {
  const runtime = process.env["XDG_RUNTIME_DIR"];
  if (runtime !== undefined && runtime.startsWith("/")) return join(runtime, "hopbook", "lab");
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? "/run/hopbook/lab" : `/tmp/hopbook-${String(uid)}/lab`;
}

/** Checks the lab's name and says where its folder is, existing or not. */
export function locateLab(options: LabOptions = {}): { name: string; baseDir: string; dir: string } {
  const name = options.name ?? "lab";
  if (!NAME.test(name)) {
    throw new HopbookError("USAGE", `Cannot call a lab ${JSON.stringify(name)}: that is no name for it`, {
      hint: "Use at most 31 of a-z, 0-9 and -, beginning with a letter or digit",
    });
  }
  const baseDir = options.dir ?? defaultBaseDir();
  if (!/^\/[\w.+@/-]*$/.test(baseDir)) {
    throw new HopbookError(
      "USAGE",
      `Cannot keep labs in ${JSON.stringify(baseDir)}: its path cannot be used`,
      {
        hint: "Use an absolute path of letters, digits and ._+@- only: it stands in ssh's ProxyCommand",
      },
    );
  }
  return { name, baseDir, dir: join(baseDir, name) };
}

/** Reads a file of "pid startTimeTicks"; null where it is not there or not whole yet. */
export function readProcessFile(path: string): LabProcess | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return null;
  }
  const match = /^(\d+) (\d+)\n$/.exec(text);
  return match === null ? null : { pid: Number(match[1]), startTimeTicks: Number(match[2]) };
}

/** True where the process still is the one that was noted: same pid, same start time, not a zombie. */
export function isAlive(process: LabProcess): boolean {
  const fields = readStat(process.pid);
  return fields !== null && fields.startTimeTicks === process.startTimeTicks && fields.state !== "Z";
}

/** State, parent and start time from /proc/PID/stat; null where there is no such process. */
export function readStat(pid: number): { state: string; ppid: number; startTimeTicks: number } | null {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", ppid: Number(fields[1]), startTimeTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}

/** The lab's state.json; null where there is no lab of that name, or it never came up. */
export function readState(options: LabOptions = {}): LabState | null {
  const path = join(locateLab(options).dir, "state.json");
  if (!existsSync(path)) return null;
  return JSON.parse(readFileSync(path, "utf8")) as LabState;
}

/** The state of a lab that is up. Throws LAB_FAILED where it is not. */
export function requireLab(options: LabOptions = {}): LabState {
  const state = readState(options);
  const { name } = locateLab(options);
  if (state !== null && isAlive(state.supervisor)) return state;
  const current = state === null ? "no lab of that name is up" : "its processes are gone";
  throw new HopbookError("LAB_FAILED", `Cannot use lab ${name}: ${current}`, {
    hint:
      state === null
        ? `Bring it up: hopbook lab up --name ${name}`
        : `Take down what is left of it: hopbook lab down --name ${name}`,
  });
}

/** Names of labs that have a folder under the base folder, up or not. */
export function readLabNames(options: LabOptions = {}): string[] {
  const { baseDir } = locateLab({ ...options, name: "lab" });
  if (!existsSync(baseDir)) return [];
  return readdirSync(baseDir).filter((entry) => NAME.test(entry));
}
