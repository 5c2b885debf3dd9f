import type { Argv, ExecResult } from "../../model/access.js";
import type { Lease } from "../../model/kube.js";
import { DEFAULT_MAX_OUTPUT_BYTES, type CommandOptions } from "../../process/command.js";
import { buildLeased, needsLease } from "../../process/lease.js";
import { startProcess } from "../../process/start.js";
import { Tail } from "../../process/growing-buffer.js";
import { buildSshEnv } from "../environment.js";
import { buildClientArgv, buildLimited, type Login } from "./argv.js";
import { readEnd, type EndOfSession } from "./end.js";
import type { SshMaster } from "./master.js";
import { driveShell, type NodeShell, type ShellResult } from "./shell.js";

/** Beside the one that came with the connection. */
const MAX_MORE = 2;
const KEPT_STDERR_BYTES = 2_000;

/** Shells on a node that are kept: a command in one costs no session, no login and no process of ssh. */
export interface Shells {
  /**
   * What became of a command, which has no stdin, and whose output is in the result whatever `stdoutFd` says; null: no shell
   * was free for it, and nothing was started.
   */
  run(argv: Argv, options: CommandOptions): Promise<Started | null>;
  /** Ends those that the connection does not end itself. */
  close(): void;
}

export type Started = Exclude<ShellResult, { how: "unstarted" }>;

interface OpenedShell {
  readonly shell: NodeShell;
  /** Of one that is gone. */
  readonly why: () => EndOfSession["how"];
}

export function keepShells(master: SshMaster, lease: Lease | undefined): Shells {
  const more: OpenedShell[] = [];
  let most = MAX_MORE;
  const open = (): OpenedShell => {
    const opened = openShell(master, lease);
    more.push(opened);
    return opened;
  };
  const free = (): OpenedShell | null => {
    const first = master.shell();
    if (first.isIdle()) return { shell: first, why: () => "lost" };
    for (const [index, { shell }] of [...more.entries()].reverse())
      if (!shell.isAlive()) more.splice(index, 1);
    // What a dead connection carried is for the next command of its own to mend.
    if (!first.isAlive()) return null;
    return more.find(({ shell }) => shell.isIdle()) ?? (more.length < most ? open() : null);
  };
  return {
    run: async (argv, options) => {
      const { maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES, timeoutMs, signal } = options;
      const taken = free();
      if (taken === null) return null;
      const leased = needsLease(options);
      const words = leased
        ? buildLeased(argv, { timeoutMs })
        : limit(argv, { login: master.login, timeoutMs });
      const result = await taken.shell.run(words, { timeoutMs, maxOutputBytes, signal, leased });
      if (result.how === "unstarted") return null;
      const why = result.how === "lost" ? taken.why() : "ended";
      if (why === "sessionRefused") most = 0;
      return why === "sessionRefused" || why === "noMaster" ? null : result;
    },
    close: () => {
      for (const { shell } of more) shell.end();
    },
  };
}

/** Never as a word of the shell's own. */
function limit(argv: Argv, how: { readonly login: Login; readonly timeoutMs: number }): Argv {
  return ["env", ...buildLimited(argv, how)];
}

function openShell(master: SshMaster, lease: Lease | undefined): OpenedShell {
  const argv = buildClientArgv(master.end, ["sh"], { login: master.login, lease });
  const stderr = new Tail(KEPT_STDERR_BYTES);
  let exitCode: number | null = null;
  const child = startProcess(argv, {
    env: buildSshEnv(process.env),
    stdin: "open",
    onStdout: (chunk) => shell.push(chunk),
    onStderr: stderr.push,
  });
  void child.done.then((end) => (exitCode = end.exitCode));
  const shell = driveShell(child);
  return { shell, why: () => readEnd(exitCode, stderr.bytes()).how };
}

/** As an access tells it. */
export function toExecResult(
  result: Exclude<Started, { how: "lost" }>,
  command: { readonly node: string; readonly argv: Argv; readonly startedAt: Date },
): ExecResult {
  const { node, argv, startedAt } = command;
  const nothing = { exitCode: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), truncated: false };
  const { exitCode, stdout, stderr, truncated } = result.how === "ended" ? result : nothing;
  return {
    ...{ node, argv, exitCode, signal: null, stdout, stderr, truncated },
    timedOut: result.how === "timedOut",
    canceled: result.how === "canceled",
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
  };
}
