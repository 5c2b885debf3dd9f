import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { HopbookError } from "../errors.js";
import { MIN_NODES } from "./cluster/make.js";
import { collectLabState } from "./collect.js";
import { downLab } from "./down.js";
import { runProgram } from "./enter.js";
import { listFifos, writeLabFiles } from "./files.js";
import { requireNamespaces, requirePrograms, unshareArgv } from "./programs.js";
import { isAlive, locateLab, readProcessFile, readStat } from "./state.js";
import { writeSshKeys } from "./ssh.js";
import { makeBlueprint } from "./topology/blueprint.js";
import type { LabState, UpOptions } from "./types.js";

const READY_TIMEOUT_MS = 20_000;

/**
 * Builds a lab and returns when every pod answers and every sshd listens.
 *
 * Throws USAGE for a bad name, folder, topology or number of nodes, or where a lab of that name is up; LAB_UNAVAILABLE where the machine
 * lacks programs (the hint names the Debian packages) or refuses namespaces (the message has the kernel's
 * words); LAB_FAILED otherwise, with the end of the lab's log. A lab that failed leaves nothing.
 */
export async function upLab(options: UpOptions): Promise<LabState> {
  const startedAtMs = performance.now();
  const blueprint = makeBlueprint(options.topology, options.nodes ?? MIN_NODES);
  const { nodes } = blueprint.cluster;
  const rootless = options.rootless ?? process.getuid?.() !== 0;
  const { name, dir } = locateLab(options);
  const { carriage, vswitch } = blueprint.topology;
  requirePrograms({
    ...{ rootless, vswitch: vswitch !== undefined },
    tunnel: carriage.tunnel?.program !== undefined,
  });
  await claimFolder(options);
  try {
    writeLabFiles(dir, { ...blueprint, deadDns: options.deadDns ?? false });
    await Promise.all([writeSshKeys(dir, nodes), makeFifos(listFifos(dir, blueprint.cluster))]);
    await startSupervisor({ name, dir, rootless, nodes: nodes.map((node) => node.name) });
    const { topology } = options;
    const state = collectLabState({ name, topology, dir, rootless, startedAtMs }, blueprint);
    writeFileSync(join(dir, "state.json"), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    return state;
  } catch (error) {
    await downLab(options);
    throw error;
  }
}

/**
 * Makes the lab's folder, or throws where another lab has it. It is made under another name with a note of who
 * makes it and then renamed, so that two calls cannot both have it. What a dead lab left is removed first.
 */
async function claimFolder(options: UpOptions): Promise<void> {
  const { name, dir } = locateLab(options);
  if (existsSync(dir)) {
    const holders = ["supervisor", "creator"].map((file) => readProcessFile(join(dir, file)));
    if (holders.some((holder) => holder !== null && isAlive(holder))) throw taken(name, dir);
    await downLab(options);
  }
  mkdirSync(dirname(dir), { recursive: true, mode: 0o700 });
  requireOwnFolder(dirname(dir));
  const fresh = mkdtempSync(join(dirname(dir), `.${name}.`));
  const own = `${String(process.pid)} ${String(readStat(process.pid)?.startTimeTicks ?? 0)}\n`;
  writeFileSync(join(fresh, "creator"), own);
  try {
    renameSync(fresh, dir);
  } catch {
    rmSync(fresh, { recursive: true });
    throw taken(name, dir);
  }
}

/** Keys and scripts must not lie where somebody else could have put other ones: /tmp is everybody's. */
function requireOwnFolder(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid === process.getuid?.() && (mode & 0o022) === 0) return;
  throw new HopbookError("LAB_FAILED", "Cannot keep a lab there: the folder is not ours alone to write", {
    where: { file: folder },
    hint: "Name another folder, or set XDG_RUNTIME_DIR",
  });
}

function taken(name: string, dir: string): HopbookError {
  return new HopbookError("USAGE", `Cannot bring up lab ${name}: a lab of that name is up already`, {
    where: { file: dir },
    hint: `Give another name, or take it down first: hopbook lab down --name ${name}`,
  });
}

async function makeFifos(paths: readonly string[]): Promise<void> {
  const result = await runProgram(["mkfifo", "-m", "600", ...paths]);
  if (result.exitCode === 0) return;
  throw new HopbookError("LAB_FAILED", `Cannot make the lab's FIFOs: ${result.stderr.trim()}`);
}

/** Starts the lab's pid 1 and waits for its word. It outlives this process. */
async function startSupervisor(lab: {
  readonly name: string;
  readonly dir: string;
  readonly rootless: boolean;
  readonly nodes: readonly string[];
}): Promise<void> {
  const log = openSync(join(lab.dir, "log"), "a", 0o600);
  const [program = "", ...args] = [
    ...unshareArgv(lab.rootless),
    ...["sh", join(lab.dir, "scripts", "lab.sh"), lab.dir, ...lab.nodes],
  ];
  const child = spawn(program, args, {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log, "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin", LC_ALL: "C" },
  });
  closeSync(log);
  const word = await readWord(child.stdio[3] as Readable);
  child.unref();
  if (word === "ready") return;
  await requireNamespaces(lab.rootless);
  const tail = readFileSync(join(lab.dir, "log"), "utf8").trim().split("\n").slice(-12).join("\n");
  throw new HopbookError("LAB_FAILED", `Cannot bring up lab ${lab.name}: ${word}`, {
    detail: tail,
    hint: "The detail is the end of the lab's log",
  });
}

/** First line the supervisor says; the reason where it says none. */
function readWord(pipe: Readable): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: pipe });
    const settle = (word: string): void => {
      resolve(word); // first: closing the reader settles again
      clearTimeout(timer);
      lines.close();
      pipe.destroy();
    };
    const timer = setTimeout(
      () => settle(`not ready after ${String(READY_TIMEOUT_MS)} ms`),
      READY_TIMEOUT_MS,
    );
    lines.once("line", settle);
    lines.once("close", () => settle("it ended before it was ready"));
    pipe.once("error", (error) => settle(error.message));
  });
}
