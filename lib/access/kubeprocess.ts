import { writeSync } from "node:fs";
import { asHopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";
import type { KubeApi, KubeExec, KubeExecEnd } from "../model/kube.js";
import { onAbort } from "./abort.js";
import type { LocalProcess, ProcessEnd, ProcessOptions, StopReason } from "./process.js";

export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** How a command that was given up is told apart from one that never began. */
export interface KubeProcessEnd extends ProcessEnd {
  /** The connection broke before the command's end was told. */
  readonly lost: boolean;
  /** The API's or the runtime's reason why there was no command; null where there was one. */
  readonly refused: string | null;
}

export interface KubeProcess extends LocalProcess {
  readonly done: Promise<KubeProcessEnd>;
}

/**
 * Starts a command in a container, with the face of a local process: what runs commands, streams and pulls needs no
 * other. `env` is not passed on: the command itself sets its environment. To stop it is to close its connection: the
 * command ends by its closed stdin (its lease) or by itself. Rejects where the socket could not be opened.
 */
export async function startInContainer(
  api: KubeApi,
  argv: Argv,
  { container, options }: { readonly container: ContainerRef; readonly options: ProcessOptions },
): Promise<KubeProcess> {
  const startedAt = new Date();
  // What arrives may be too much before there is anything to stop.
  const running: { exec?: KubeExec } = {};
  let stoppedBy: StopReason | null = null;
  let ended = false;
  let failed: Error | null = null;
  const { stdoutFd } = options;
  const toFd =
    stdoutFd === undefined
      ? undefined
      : (chunk: Buffer): void => {
          try {
            for (let at = 0; at < chunk.length;) at += writeSync(stdoutFd, chunk, at);
          } catch (error) {
            failed ??= asHopbookError(error);
            void stop("killed");
          }
        };
  const end = async (): Promise<KubeProcessEnd> => {
    const told: KubeExecEnd = (await running.exec?.done) ?? { exitCode: null, refused: null, lost: false };
    ended = true;
    clearTimeout(timer);
    ignoreSignal();
    return {
      exitCode: stoppedBy === null ? told.exitCode : null,
      // The runtime says 128 + N for a signal, as a shell does for one: the two cannot be told apart.
      signal: null,
      stoppedBy,
      startError: failed,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      lost: told.lost && stoppedBy === null,
      refused: told.refused,
    };
  };
  const stop = (reason: StopReason): Promise<KubeProcessEnd> => {
    if (!ended) stoppedBy ??= reason;
    running.exec?.close();
    return done;
  };
  const exec = await api.exec({
    ...container,
    argv,
    stdin: options.stdin !== "closed",
    onStdout: toFd ?? options.onStdout ?? ignore,
    onStderr: options.onStderr ?? ignore,
    signal: options.signal,
  });
  running.exec = exec;
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => void stop("timedOut"), options.timeoutMs);
  const done = end();
  const ignoreSignal = onAbort(options.signal, () => void stop("canceled"));
  if (options.stdin instanceof Uint8Array) {
    exec.write(options.stdin);
    exec.end();
  }
  return {
    pid: undefined,
    write: (text) => exec.write(text),
    end: () => void exec.end(),
    pauseStdout: () => exec.pause(),
    resumeStdout: () => exec.resume(),
    stop,
    done,
  };
}

const ignore = (): void => undefined;
