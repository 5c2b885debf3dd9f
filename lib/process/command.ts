import type { Argv, ExecOptions, ExecResult } from "../model/access.js";
import { HopbookError } from "../errors.js";
import { GrowingBuffer } from "./growing-buffer.js";
import { LEASE_BEAT_MS } from "./lease.js";
import {
  startProcess,
  type LocalProcess,
  type ProcessEnd,
  type ProcessOptions,
  type StopReason,
} from "./start.js";

export const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What a command is to its node, and how it is started there. */
export interface Command {
  readonly node: string;
  /** The argv that was asked for; errors and results show it. */
  readonly argv: Argv;
  /** Starts it: as a process of this machine, or through the cluster's API. */
  readonly start: (options: Omit<ProcessOptions, "env">) => LocalProcess | Promise<LocalProcess>;
  /** It runs under a lease (see lease.ts): stdin stays open and gets beats. */
  readonly leased: boolean;
}

/** How a command is started that is a process of this machine. */
export function startLocally(argv: Argv, env: Readonly<Record<string, string>>): Command["start"] {
  return (options) => startProcess(argv, { ...options, env });
}

export interface CommandOptions extends Omit<ExecOptions, "action"> {
  /** stdout goes to this open file descriptor and not into the result. */
  readonly stdoutFd?: number;
  /** What goes there, where it passes through this process. */
  readonly onWritten?: (chunk: Buffer) => void;
}

/** Runs a command to its end and keeps what it printed. Rejects only where nothing could be started here. */
export async function runCommand(command: Command, options: CommandOptions): Promise<ExecResult> {
  const maxBytes = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  let child: LocalProcess | undefined = undefined;
  const overflow = (): void => void child?.stop("truncated");
  const stdout = collect(maxBytes, overflow);
  const stderr = collect(maxBytes, overflow);
  child = await command.start({
    stdin: command.leased ? "open" : options.stdin === undefined ? "closed" : Buffer.from(options.stdin),
    onStdout: stdout.push,
    onStderr: stderr.push,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    ...(options.stdoutFd === undefined ? {} : { stdoutFd: options.stdoutFd }),
    ...(options.onWritten === undefined ? {} : { onWritten: options.onWritten }),
  });
  const running = child;
  const beat = command.leased ? setInterval(() => running.write("beat\n"), LEASE_BEAT_MS) : undefined;
  const end = await running.done;
  clearInterval(beat);
  if (end.startError !== null) throw cannotStart(command, end.startError);
  return buildResult(command, end, { stdout: stdout.take(), stderr: stderr.take() });
}

/** The result of a command that was given up before it was started: its time was over, or it was aborted. */
export function buildUnstarted(
  command: Pick<Command, "node" | "argv">,
  options: { readonly startedAt: Date; readonly stoppedBy: StopReason },
): ExecResult {
  const end: ProcessEnd = {
    exitCode: null,
    signal: null,
    stoppedBy: options.stoppedBy,
    startError: null,
    startedAt: options.startedAt.toISOString(),
    durationMs: Date.now() - options.startedAt.getTime(),
  };
  return buildResult(command, end, { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) });
}

function buildResult(
  command: Pick<Command, "node" | "argv">,
  end: ProcessEnd,
  output: { stdout: Buffer; stderr: Buffer },
): ExecResult {
  return {
    node: command.node,
    argv: command.argv,
    exitCode: end.exitCode,
    signal: end.signal,
    stdout: output.stdout,
    stderr: output.stderr,
    timedOut: end.stoppedBy === "timedOut",
    canceled: end.stoppedBy === "canceled" || end.stoppedBy === "killed",
    truncated: end.stoppedBy === "truncated",
    startedAt: end.startedAt,
    durationMs: end.durationMs,
  };
}

function collect(maxBytes: number, onOverflow: () => void) {
  const kept = new GrowingBuffer();
  return {
    push: (chunk: Buffer): void => {
      const room = maxBytes - kept.length;
      if (room > 0) kept.append(chunk.subarray(0, room));
      if (chunk.length > room) onOverflow();
    },
    take: (): Buffer => kept.take(kept.length),
  };
}

function cannotStart(command: Command, cause: Error): HopbookError {
  return new HopbookError("COMMAND_FAILED", `Cannot start a process on this machine: ${cause.message}`, {
    where: { node: command.node, argv: command.argv },
    hint: "Shorten the command where it is E2BIG; raise the limits of processes and open files otherwise",
    cause,
  });
}
