import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuiltCli } from "../lab/cli.js";
import type { RunEvent } from "../../lib/model/steps.js";

/** A run by the library in a process of its own, as a program would have it: with a lease that a test can await. */
export interface ClientRun {
  readonly child: ChildProcess;
  readonly tmpDir: string;
  readonly outDir: string;
  /** Resolves with true at the first event that fits, with false where the run ended without one. */
  readonly reached: (fits: (event: RunEvent) => boolean) => Promise<boolean>;
  readonly done: Promise<ClientEnd>;
}

export interface ClientEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly dir: string | null;
  readonly said: string;
}

export interface ClientOptions {
  readonly profile: string;
  readonly raw: Readonly<Record<string, string | readonly string[] | boolean>>;
  readonly leaseMs: number;
  /** Its own, in which `tmp` and `out` are made. */
  readonly home: string;
}

const PROGRAM = `
import { readFileSync } from "node:fs";
const [api, given] = process.argv.slice(2);
const { runRunbook } = await import(api);
const { profile, raw, leaseMs, out } = JSON.parse(readFileSync(given, "utf8"));
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(name, () => (controller.signal.aborted ? process.exit(130) : controller.abort(new Error(name))));
const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
try {
  const report = await runRunbook({
    runbook: "trace-path", inputs: raw, cluster: profile, cwd: process.cwd(), out, grants: { yes: true },
    signal: controller.signal, leaseMs, onEvent: (event) => say({ event }),
  });
  say({ dir: report.dir });
  process.exitCode = report.exitCode;
} catch (error) {
  process.stderr.write(String(error.stack) + "\\n" + String(error.detail) + "\\n");
  process.exitCode = error.exitCode ?? 1;
}
`;
const LONGEST_MS = 180_000;

export function startClient(cli: BuiltCli, options: ClientOptions): ClientRun {
  const { home, profile, raw, leaseMs } = options;
  const [tmpDir, outDir] = [join(home, "tmp"), join(home, "out")];
  mkdirSync(tmpDir, { recursive: true });
  const [program, given] = [join(home, "client.mjs"), join(home, "options.json")];
  writeFileSync(program, PROGRAM);
  writeFileSync(given, JSON.stringify({ profile, raw, leaseMs, out: outDir }));
  const api = pathToFileURL(join(dirname(cli.bin), "../dist/api/run.js")).href;
  const child = spawn(process.execPath, [program, api, given], {
    cwd: home,
    env: { ...process.env, TMPDIR: tmpDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const events: RunEvent[] = [];
  let [rest, said] = ["", ""];
  let dir: string | null = null;
  let ended = false;
  const waiters = new Set<() => void>();
  const wake = (): void => {
    for (const each of waiters) each();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const value = JSON.parse(line) as { event?: RunEvent; dir?: string };
      if (value.event !== undefined) events.push(value.event);
      dir = value.dir ?? dir;
    }
    wake();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  const done = new Promise<ClientEnd>((resolve) => {
    child.once("close", (exitCode, signal) => {
      clearTimeout(timer);
      ended = true;
      wake();
      resolve({
        exitCode,
        signal,
        dir,
        said: `${events.map((event) => JSON.stringify(event)).join("\n")}\n${said}`,
      });
    });
  });
  const reached = (fits: (event: RunEvent) => boolean): Promise<boolean> =>
    new Promise((resolve) => {
      const check = (): void => {
        const is = events.some(fits);
        if (!is && !ended) return;
        waiters.delete(check);
        resolve(is);
      };
      waiters.add(check);
      check();
    });
  return { child, tmpDir, outDir, reached, done };
}

/** A file of a run's folder, as JSON. */
export function readEvidence<T>(dir: string, file: string): T {
  return JSON.parse(readFileSync(join(dir, file), "utf8")) as T;
}
