import { PassThrough, Writable } from "node:stream";
import type { KubeConfig, V1Status } from "@kubernetes/client-node";
import { messageOf } from "../errors.js";
import type { KubeExec, KubeExecEnd, KubeExecRequest } from "../model/kube.js";
import { describeRequest, kubeError, refusal, transportError } from "./errors.js";
import { kubeLibrary } from "./client.js";
import { createFeed } from "./exec-feed.js";
import type { HttpAnswer, HttpRequest } from "./http.js";
import { buildPath } from "./path.js";
import { guardSocket, type UpgradeRefusal } from "./exec-socket.js";
import { saidBy } from "./said.js";

const CONNECT_TIMEOUT_MS = 10_000;
/** Load balancers close what is silent for a minute; a server that died says nothing at all. */
const PING_MS = 10_000;
const SILENT_PINGS = 3;
/** How long the other side may take to close as well. */
const CLOSE_GRACE_MS = 1_000;
const MAX_SAID_CHARS = 4_000;
const NAME = /^[0-9a-z][0-9a-z.-]{0,252}$/;

/** What is used of the socket beyond what browsers know; `ws` has it. */
interface Socket {
  readonly protocol: string;
  readonly bufferedAmount?: number;
  close(): void;
  terminate?(): void;
  pause?(): void;
  resume?(): void;
  ping?(): void;
  on?(event: "pong" | "message", listener: () => void): void;
  addEventListener(event: "close" | "error", listener: () => void): void;
}

interface ExecUse {
  readonly http: (request: HttpRequest) => Promise<HttpAnswer>;
  readonly request: KubeExecRequest;
}

/**
 * Starts a command in a container. The client library's promise settles when the socket opens, so the end is made of the
 * status message, or of the socket's close without one.
 */
export async function openExec(config: KubeConfig, { http, request }: ExecUse): Promise<KubeExec> {
  const { namespace, pod, container, argv } = request;
  const doing = describeRequest({ ...EXEC, namespace, name: pod });
  for (const name of [namespace, pod]) {
    // The library makes a path of them as they are.
    if (!NAME.test(name)) throw kubeError("KUBE_REFUSED", doing, `${JSON.stringify(name)} is no name`);
  }
  let settle: (end: KubeExecEnd) => void = () => undefined;
  const done = new Promise<KubeExecEnd>((resolve) => (settle = resolve));
  const stdin = request.stdin ? new PassThrough() : null;
  const stdout = sinkOf(request.onStdout);
  const stderr = sinkOf(request.onStderr);
  const timeout = AbortSignal.timeout(request.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  const garbage = (): void => settle({ exitCode: null, refused: null, lost: true });
  let refused: UpgradeRefusal | undefined;
  const guards = { onGarbage: garbage, onRefused: (one: UpgradeRefusal) => void (refused = one) };
  const library = kubeLibrary();
  const opening = new library.Exec(guardSocket(config, guards))
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
    if (refused !== undefined) throw await explain(refused, { http, request, doing });
    const cause = error as { readonly error?: unknown; readonly message?: unknown };
    throw kubeError("KUBE_UNREACHABLE", doing, messageOf(cause.error ?? cause.message ?? error), error);
  }
  const lost = (): void => settle({ exitCode: null, refused: null, lost: true });
  socket.addEventListener("close", lost);
  socket.addEventListener("error", lost);
  const beats = beat(socket, lost);
  const feed =
    stdin === null
      ? null
      : createFeed(stdin, { bufferedBytes: () => socket.bufferedAmount ?? 0, onProgress: beats.heard });
  void done.then(() => {
    beats.stop();
    feed?.stop();
  });
  return {
    write: (chunk) => feed?.write(chunk),
    end: () => {
      feed?.end();
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

/** Status and its parts are the server's: of any type. */
function endOf(status: unknown): KubeExecEnd {
  const {
    status: word,
    details,
    message,
    reason,
  } = (status ?? {}) as Partial<Record<keyof V1Status, unknown>>;
  if (word === "Success") return { exitCode: 0, refused: null, lost: false };
  const { causes } = (details ?? {}) as { readonly causes?: unknown };
  const listed = Array.isArray(causes) ? (causes as ({ reason?: unknown; message?: unknown } | null)[]) : [];
  const code = listed.find((cause) => cause?.reason === "ExitCode")?.message;
  if (typeof code === "string" && /^\d{1,3}$/.test(code) && Number(code) <= 255)
    return { exitCode: Number(code), refused: null, lost: false };
  const said = [message, reason].find((text) => typeof text === "string" && text !== "");
  const refused = typeof said === "string" ? said.slice(0, MAX_SAID_CHARS) : "no reason was given";
  return { exitCode: null, refused, lost: false };
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error("aborted"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** What the server says in place of an upgrade; where that is nothing, the same request without one may get its words. */
async function explain(
  { code, body }: UpgradeRefusal,
  { http, request, doing }: ExecUse & { readonly doing: string },
): Promise<Error> {
  // A credential that was not taken is asked for anew with it.
  if (saidBy(body) !== null && code !== 401) return refusal(doing, code, body);
  const { namespace, pod: name, container } = request;
  const query = { container, command: request.argv[0] ?? "", stdout: "true" };
  const path = buildPath({ ...EXEC, namespace, name, query });
  try {
    const answer = await http({ method: "POST", path, signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    if (answer.code === code) return refusal(doing, code, answer.body);
  } catch {
    // What there is has to do.
  }
  return refusal(doing, code, body);
}

interface Beats {
  readonly stop: () => void;
  /** The other side lives. */
  readonly heard: () => void;
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
    heard,
    pause: () => void (paused = true),
    resume: () => {
      paused = false;
      silent = 0;
    },
  };
}
