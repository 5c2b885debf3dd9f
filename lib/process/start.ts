import { $, type ProcessPromise } from "zx/core";
import { HopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";
import { onAbort } from "./abort.js";
import { endGroup, signalGroup } from "./group.js";
import { quotePosix, quoteWord } from "./quote.js";

const LONGEST_TIMER_MS = 2_147_483_647;

export type StopReason = "timedOut" | "canceled" | "truncated" | "killed";

export interface ProcessOptions {
  /** The whole environment of the process: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** "closed": /dev/null. "open": a pipe that `write` fills and `end` closes. Else: these bytes, then the end. */
  readonly stdin: "closed" | "open" | Uint8Array;
  /** An open file descriptor that the process writes to itself; `onStdout` then sees nothing. */
  readonly stdoutFd?: number;
  readonly stderrFd?: number;
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** What goes to `stdoutFd`, where it passes through this process; a local process writes past it. */
  readonly onWritten?: (chunk: Buffer) => void;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ProcessEnd {
  /** null where a signal ended it, it never started, or we stopped it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stoppedBy: StopReason | null;
  /** Why it could not be started at all, such as E2BIG or EMFILE. */
  readonly startError: Error | null;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}

export interface LocalProcess {
  /** Of the process and its group; undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Writes to an open stdin; ignored where stdin is closed. */
  write(text: string): void;
  /** Closes stdin. */
  end(): void;
  /** Stops reading stdout, so that the process blocks when the pipe is full. */
  pauseStdout(): void;
  resumeStdout(): void;
  /** SIGTERM to the process group, SIGKILL after 2 s. Resolves when all of it has ended. */
  stop(reason: StopReason): Promise<ProcessEnd>;
  /** Resolves once, when the process has ended and its pipes are closed; never rejects. */
  readonly done: Promise<ProcessEnd>;
}

export interface OwnProcess extends LocalProcess {
  /**
   * Writes to an open stdin; resolves when the pipe has taken it all, or never will. "refused": nobody read from the pipe
   * any more, so that the process has not had all of it.
   */
  writeTaken(text: string): Promise<"taken" | "refused" | "unknown">;
}

/** The groups that end with us; a process with an open stdin ends in order by its end-of-file instead. */
const groupsToEnd = new Set<number>();
let endsGroupsAtExit = false;

function endAtExit(pid: number): void {
  groupsToEnd.add(pid);
  if (endsGroupsAtExit) return;
  endsGroupsAtExit = true;
  process.on("exit", () => {
    for (const group of groupsToEnd) signalGroup(group, "SIGTERM");
  });
}

/**
 * Starts a local process: the only place that does. zx hands the line `exec 'argv0' 'arg1' …` to /bin/sh, so
 * the shell is replaced by the program at once and exit codes 126 and 127 mean what they mean on a node. It
 * runs in `/`, as the leader of a process group of its own.
 *
 * Of zx this uses: the template with its `quote`, `spawn` with pipes, and `store`, which takes the chunks as
 * they come; zx's own store would keep all output in memory. Its `timeout`, `kill` and `signal` are not used,
 * because they resolve or fire on the signal, not on the end.
 */
export function startProcess(argv: Argv, options: ProcessOptions): OwnProcess {
  assertStartable(argv);
  quotePosix(argv); // zx would wrap its refusal in an error of its own
  const startedAt = new Date();
  if (options.signal?.aborted === true) return neverStarted(startedAt);
  const spawned = spawnByZx(argv, options);
  const child = spawned.child;
  const pid = child?.pid;
  child?.stdin?.on("error", () => undefined); // EPIPE: the process closed its stdin, which is its right
  if (options.stdin instanceof Uint8Array) child?.stdin?.end(options.stdin);
  if (pid !== undefined && options.stdin !== "open") endAtExit(pid);
  child?.once("exit", () => child.stdout?.resume());

  const stopping: { by: StopReason | null; escalation?: Promise<void> } = { by: null };
  let ended = false;
  const stop = (reason: StopReason): Promise<ProcessEnd> => {
    if (ended || pid === undefined) return done;
    stopping.by ??= reason;
    stopping.escalation ??= endGroup(pid, {
      closed: spawned,
      close: () => {
        child?.stdout?.destroy();
        child?.stderr?.destroy();
      },
    });
    return done;
  };
  const timer = startTimer(options.timeoutMs, () => void stop("timedOut"));
  const ignoreSignal = onAbort(options.signal, () => void stop("canceled"));

  const done = (async (): Promise<ProcessEnd> => {
    const output = await spawned;
    if (stopping.escalation !== undefined) await stopping.escalation;
    ended = true;
    clearTimeout(timer);
    ignoreSignal();
    if (pid !== undefined) groupsToEnd.delete(pid);
    return {
      exitCode: stopping.by === null ? output.exitCode : null,
      signal: output.signal,
      stoppedBy: stopping.by,
      startError: pid === undefined ? (output.cause ?? new Error("no process was made")) : null,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
    };
  })();

  return {
    pid,
    write: (text) => void (child?.stdin?.writable === true && child.stdin.write(text)),
    writeTaken: (text) =>
      new Promise((resolve) => {
        if (child?.stdin?.writable !== true) return resolve("refused");
        child.stdin.write(text, (error) => resolve(error == null ? "taken" : "refused"));
        // What waits in a pipe whose reader was killed is never called back.
        void done.then(() => resolve("unknown"));
      }),
    end: () => void child?.stdin?.end(),
    pauseStdout: () => void (child?.exitCode === null && child.signalCode === null && child.stdout?.pause()),
    resumeStdout: () => void child?.stdout?.resume(),
    stop,
    done,
  };
}

function spawnByZx(argv: Argv, options: ProcessOptions): ProcessPromise {
  return $({
    ...SHELL,
    env: { ...options.env },
    stdio: [
      options.stdin === "closed" ? "ignore" : "pipe",
      options.stdoutFd ?? "pipe",
      options.stderrFd ?? "pipe",
    ],
    store: {
      stdout: makeSink(options.onStdout),
      stderr: makeSink(options.onStderr),
      stdall: makeSink(undefined),
    },
  })`${[...argv]}`;
}

/** Every option that a ZX_* variable of the operator's environment could set is set here. */
const SHELL = {
  shell: "/bin/sh",
  prefix: "exec ",
  postfix: "",
  quote: quoteWord,
  cwd: "/",
  quiet: true,
  verbose: false,
  nothrow: true,
  detached: true,
  preferLocal: false,
  log: () => undefined,
};

/** What zx pushes chunks to; it keeps none of them. */
function makeSink(onChunk: ((chunk: Buffer) => void) | undefined): (string | Buffer)[] {
  const push = (...chunks: (string | Buffer)[]): number => {
    for (const chunk of chunks) onChunk?.(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
    return 0;
  };
  return Object.assign([], { push });
}

/** Runs a short process to its end while this process exits, when nothing can be awaited any more. */
export function runProcessAtExit(argv: Argv, env: Readonly<Record<string, string>>): void {
  assertStartable(argv);
  void $({ ...SHELL, detached: false, env: { ...env }, stdio: "ignore", sync: true })`${[...argv]}`;
}

function startTimer(timeoutMs: number | undefined, onTimeout: () => void): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  return setTimeout(onTimeout, Math.min(timeoutMs, LONGEST_TIMER_MS));
}

function neverStarted(startedAt: Date): OwnProcess {
  const end: ProcessEnd = {
    exitCode: null,
    signal: null,
    stoppedBy: "canceled",
    startError: null,
    startedAt: startedAt.toISOString(),
    durationMs: 0,
  };
  const done = Promise.resolve(end);
  const nothing = (): void => undefined;
  return {
    pid: undefined,
    write: nothing,
    writeTaken: () => Promise.resolve("refused"),
    end: nothing,
    pauseStdout: nothing,
    resumeStdout: nothing,
    stop: () => done,
    done,
  };
}

/** A program's name is hopbook's own, never input; what `exec` or `env` would read as their own is a defect. */
export function assertStartable(argv: readonly string[]): void {
  const program = argv[0] ?? "";
  if (/^[A-Za-z0-9_./][^=]*$/.test(program)) return;
  throw new HopbookError("INTERNAL", `Cannot start a command: its program is ${JSON.stringify(program)}`, {
    where: { argv },
  });
}
