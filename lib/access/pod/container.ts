import { HopbookError } from "../../errors.js";
import type { Argv, ExecResult } from "../../model/access.js";
import type { KubeApi, KubeExec, KubeExecEnd } from "../../model/kube.js";
import { onAbort } from "../../process/abort.js";
import { runCommand } from "../../process/command.js";
import { createFileWriter } from "../files/writer.js";
import { whyGone, whyGoneSoon } from "./gone.js";
import type { RemoteEnd } from "../recipe.js";
import type { LocalProcess, ProcessEnd, ProcessOptions, StopReason } from "../../process/start.js";

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

interface KubeProcess extends LocalProcess {
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
  const writer =
    stdoutFd === undefined
      ? undefined
      : createFileWriter(stdoutFd, {
          onFull: () => running.exec?.pause(),
          onDrained: () => running.exec?.resume(),
          onError: (error) => {
            failed ??= error;
            void stop("killed");
          },
        });
  const onStdout = (chunk: Buffer): void => {
    if (writer === undefined) options.onStdout?.(chunk);
    else {
      options.onWritten?.(chunk);
      writer.push(chunk);
    }
  };
  const end = async (): Promise<KubeProcessEnd> => {
    const told: KubeExecEnd = (await running.exec?.done) ?? { exitCode: null, refused: null, lost: false };
    await writer?.finish();
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
    onStdout,
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

/** Runs a short command in a container as it stands, before there is an access. Rejects as readNodeEnd does. */
export async function onceInContainer(
  api: KubeApi,
  argv: Argv,
  use: {
    readonly node: string;
    readonly container: ContainerRef;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ExecResult> {
  const { node, container, timeoutMs, signal } = use;
  const last: { process?: KubeProcess } = {};
  const result = await runCommand(
    {
      node,
      argv,
      leased: false,
      start: async (options) =>
        (last.process = await startInContainer(api, argv, { container, options: { ...options, env: {} } })),
    },
    { timeoutMs, ...(signal === undefined ? {} : { signal }) },
  );
  if (result.canceled) {
    throw new HopbookError("INTERRUPTED", `Cannot run a command on ${node}: the run was interrupted`, {
      where: { node },
    });
  }
  if (result.timedOut || last.process === undefined) {
    const message = `Cannot run a command on ${node}: ${argv[0]} did not end within ${timeoutMs} ms`;
    throw new HopbookError("NODE_UNREACHABLE", message, { where: { node, argv } });
  }
  const end = await readNodeEnd(api, await last.process.done, {
    node,
    container,
    argv,
    stderr: result.stderr,
  });
  return { ...result, exitCode: end.exitCode, signal: end.signal };
}

/**
 * What the end of a command in a container says. Rejects with NODE_UNREACHABLE where the connection broke or the pod
 * is gone, in the pod's own words, and with TOOL_MISSING where the container lacks what commands are started with.
 */
export async function readNodeEnd(
  api: KubeApi,
  end: ProcessEnd,
  told: {
    readonly node: string;
    readonly container: ContainerRef;
    readonly argv: Argv;
    readonly stderr: Buffer;
  },
): Promise<RemoteEnd> {
  const { lost, refused } = end as KubeProcessEnd;
  const { node, container, argv, stderr } = told;
  // The runtime tells of a command that was killed with its pod as of any other that was killed.
  const isKilled = (end.exitCode === 137 || end.exitCode === 143) && end.stoppedBy === null;
  const killedBy = !lost && refused === null && isKilled ? await whyGoneSoon(api, container) : null;
  if (!lost && refused === null && killedBy === null) {
    return { exitCode: end.exitCode, signal: end.signal, transportLost: false, stderr };
  }
  const pod = `${container.namespace}/${container.pod}`;
  const missing = /exec: "?([^":]+)"?: (executable file not found|stat .*no such file)/.exec(refused ?? "");
  if (missing !== null) {
    throw new HopbookError("TOOL_MISSING", `Cannot run a command in ${pod}: its image has no ${missing[1]}`, {
      where: { node, argv },
      hint: "Name an image with sh, env and nsenter under images.tools",
      ...(refused === null ? {} : { detail: refused }),
    });
  }
  const gone = killedBy ?? (await whyGoneSoon(api, container));
  const why = gone ?? refused ?? "the connection to the cluster's API was lost";
  throw new HopbookError("NODE_UNREACHABLE", `Cannot run a command on ${node} through pod ${pod}: ${why}`, {
    where: { node, argv },
    hint:
      gone === null
        ? "Check the network to the API server and from it to the node's kubelet, then run again"
        : "Run again: a new pod is made",
    ...(refused === null || gone === null ? {} : { detail: refused }),
  });
}

/** What a command that could not even be started comes to: where the pod is gone, its way to the node is. */
export async function explainStart(
  api: KubeApi,
  error: unknown,
  told: { readonly node: string; readonly container: ContainerRef; readonly argv: Argv },
): Promise<unknown> {
  if (!(error instanceof HopbookError) || !/^KUBE_(NOT_FOUND|REFUSED|UNREACHABLE)$/.test(error.code))
    return error;
  const { node, container, argv } = told;
  const why = await whyGone(api, container);
  if (why === null) return error;
  const pod = `${container.namespace}/${container.pod}`;
  return new HopbookError("NODE_UNREACHABLE", `Cannot run a command on ${node} through pod ${pod}: ${why}`, {
    where: { node, argv },
    hint: "Run again: a new pod is made",
    cause: error,
  });
}
