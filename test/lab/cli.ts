import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The command as a user has it: built from lib/ as it is now, in a folder of its own. */
export interface BuiltCli {
  /** `node` and this is the command. */
  readonly bin: string;
  readonly remove: () => void;
}

/** Types are another check's work: it is only turned into JavaScript, once for all tests of a state of lib/. */
export function buildCli(): BuiltCli {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-cli-"));
  cpSync(buildDist(), join(dir, "dist"), { recursive: true });
  for (const name of ["bin", "package.json"]) cpSync(join(ROOT, name), join(dir, name), { recursive: true });
  for (const name of ["runbooks", "schemas", "docs", "node_modules"])
    symlinkSync(join(ROOT, name), join(dir, name));
  return { bin: join(dir, "bin", "hopbook.js"), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function buildDist(): string {
  const lib = join(ROOT, "lib");
  const sources = readdirSync(lib, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(lib, file));
  const state = createHash("sha256");
  for (const file of sources.sort()) state.update(`${file} ${statSync(file).mtimeMs}\n`);
  const [folder, name] = [join(ROOT, ".build/cli"), state.digest("hex")];
  const made = join(folder, name);
  if (existsSync(made)) return made;
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder).filter((one) => !one.startsWith(name)))
    rmSync(join(folder, old), { recursive: true, force: true });
  const part = `${made}.${process.pid}`;
  execFileSync(process.execPath, [join(ROOT, "bin/build.js"), part], { stdio: "inherit" });
  try {
    renameSync(part, made);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    // Another process may have been there before.
    if (!existsSync(made)) throw error;
  }
  return made;
}

/** What a run says once all its captures have begun: the line of their step comes before. */
export const LISTENING = " listening";

export interface CliRun {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface RunningCli {
  readonly child: ChildProcess;
  /** What it wrote to stderr so far. */
  readonly stderr: () => string;
  /** Resolves with true once stderr has the text, false where the command ended without it. */
  readonly said: (text: string) => Promise<boolean>;
  readonly done: Promise<CliRun>;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** When it is ended, so that it fails and hangs nothing. Default: 240 s. */
  readonly longestMs?: number;
}

/** No command of the suite takes longer, however busy the machine is. */
const LONGEST_MS = 240_000;

export function startCli(cli: BuiltCli, args: readonly string[], options: CliOptions): RunningCli {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [cli.bin, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, LC_ALL: "C.UTF-8", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  let ended = false;
  const waiters = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const wake of waiters) wake();
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), options.longestMs ?? LONGEST_MS);
  const done = new Promise<CliRun>((resolve) => {
    child.once("close", (exitCode, signal) => {
      clearTimeout(timer);
      ended = true;
      for (const wake of waiters) wake();
      resolve({ exitCode, signal, stdout, stderr, durationMs: performance.now() - startedMs });
    });
  });
  const said = (text: string): Promise<boolean> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!stderr.includes(text) && !ended) return;
        waiters.delete(check);
        resolve(stderr.includes(text));
      };
      waiters.add(check);
      check();
    });
  return { child, stderr: () => stderr, said, done };
}

export function runCli(cli: BuiltCli, args: readonly string[], options: CliOptions): Promise<CliRun> {
  return startCli(cli, args, options).done;
}
