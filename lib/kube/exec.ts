import { PassThrough, Writable } from "node:stream";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";
import { messageOf } from "../errors.js";
import type { KubeExec, KubeExecEnd, KubeExecRequest } from "../model/kube.js";
import { describeRequest, kubeError, refusal, transportError, type KubeStatus } from "./errors.js";
import type { HttpAnswer, HttpRequest } from "./http.js";
import { buildPath } from "./path.js";

const CONNECT_TIMEOUT_MS = 10_000;
/** Load balancers close what is silent for a minute; a server that died says nothing at all. */
const PING_MS = 10_000;
const SILENT_PINGS = 3;
/** How long the other side may take to close as well. */
const CLOSE_GRACE_MS = 1_000;

/** What is used of the socket beyond what browsers know; `ws` has it. */
interface Socket {
  readonly protocol: string;
  close(): void;
  terminate?(): void;
  pause?(): void;
  resume?(): void;
  ping?(): void;
  on?(event: "pong" | "message", listener: () => void): void;
  addEventListener(event: "close" | "error", listener: () => void): void;
}

export interface ExecUse {
  readonly http: (request: HttpRequest) => Promise<HttpAnswer>;
  readonly request: KubeExecRequest;
}

/**
 * Starts a command in a container. The client library's promise settles when the socket opens, so the end is made of the
 * status message, or of the socket's close without one.
 */
export async function openExec(config: KubeConfig, { http, request }: ExecUse): Promise<KubeExec> {
  const { namespace, pod, container, argv } = request;
  let settle: (end: KubeExecEnd) => void = () => undefined;
  const done = new Promise<KubeExecEnd>((resolve) => (settle = resolve));
  const stdin = request.stdin ? new PassThrough() : null;
  const stdout = sinkOf(request.onStdout);
  const stderr = sinkOf(request.onStderr);
  const doing = describeRequest({ ...EXEC, namespace, name: pod });
  const timeout = AbortSignal.timeout(request.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  const opening = new Exec(config)
    .exec(namespace, pod, container, [...argv], stdout, stderr, stdin, false, (status) => {
      settle(endOf(status));
    })
    .then((socket) => socket as unknown as Socket);
  let socket: Socket;
  try {
    socket = await orAbort(opening, signal);
  } catch (error) {
    opening.then(
      (late) => late.close(),
      () => undefined,
    );
    if (signal.aborted) throw transportError(error, { doing, timeout, signal: request.signal });
    throw await explain(error, { http, request, doing });
  }
  const lost = (): void => settle({ exitCode: null, refused: null, lost: true });
  socket.addEventListener("close", lost);
  socket.addEventListener("error", lost);
  const beats = beat(socket, lost);
  void done.then(beats.stop);
  return {
    write: (chunk) => void (stdin?.writable === true && stdin.write(chunk)),
    end: () => {
      stdin?.end();
      return stdin === null || socket.protocol.startsWith("v5.");
    },
    pause: () => {
      beats.pause();
      socket.pause?.();
    },
    resume: () => {
      socket.resume?.();
      beats.resume();
    },
    close: () => {
      socket.resume?.();
      socket.close();
      setTimeout(() => socket.terminate?.(), CLOSE_GRACE_MS).unref();
      lost();
    },
    done,
  };
}

const EXEC = { verb: "create", group: "", version: "v1", resource: "pods", subresource: "exec" } as const;

function sinkOf(onChunk: (chunk: Buffer) => void): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      onChunk(chunk);
      done();
    },
  });
}

function endOf(status: V1Status): KubeExecEnd {
  if (status.status === "Success") return { exitCode: 0, refused: null, lost: false };
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (code !== undefined && /^\d{1,3}$/.test(code))
    return { exitCode: Number(code), refused: null, lost: false };
  return { exitCode: null, refused: status.message ?? status.reason ?? "no reason was given", lost: false };
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error("aborted"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The socket's error has the number alone; the same request without an upgrade gets the API's words. */
async function explain(
  error: unknown,
  { http, request, doing }: ExecUse & { readonly doing: string },
): Promise<Error> {
  const said = messageOf(
    (error as { error?: unknown }).error ?? (error as { message?: unknown }).message ?? error,
  );
  const code = Number(/Unexpected server response: (\d{3})/.exec(said)?.[1] ?? 0);
  if (code === 0) return kubeError("KUBE_UNREACHABLE", doing, said, error);
  const { namespace, pod: name, container } = request;
  const query = { container, command: request.argv[0] ?? "", stdout: "true" };
  const path = buildPath({ ...EXEC, namespace, name, query });
  try {
    const answer = await http({ method: "POST", path, signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    if (answer.code === code) return refusal(doing, code, JSON.parse(answer.body) as KubeStatus);
  } catch {
    // The number has to do.
  }
  return refusal(doing, code, {});
}

interface Beats {
  readonly stop: () => void;
  /** While we don't read, nothing can be heard. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Keeps the connection warm, and gives it up where the other side has been silent for long. */
function beat(socket: Socket, lost: () => void): Beats {
  let silent = 0;
  let paused = false;
  const heard = (): void => void (silent = 0);
  socket.on?.("pong", heard);
  socket.on?.("message", heard);
  const timer = setInterval(() => {
    if (paused || socket.ping === undefined) return;
    silent += 1;
    if (silent > SILENT_PINGS) {
      socket.terminate?.();
      lost();
    } else socket.ping();
  }, PING_MS);
  return {
    stop: () => clearInterval(timer),
    pause: () => void (paused = true),
    resume: () => {
      paused = false;
      silent = 0;
    },
  };
}
