/** Runs in the sandbox, beside the script, and speaks for it with the host. No wall: the host believes none of it. */
import type { GuestMessage, HostMessage, ReplyMessage } from "../wire.js";
import { createHopbook, describeThrown, type Call } from "./api.js";

interface Pipes {
  readonly stdin: { readonly readable: AsyncIterable<Uint8Array> };
  readonly stdout: { writeSync(bytes: Uint8Array): number };
  readonly exit: (code: number) => never;
}

/** What a script finds beside the language itself. */
const KEPT =
  "globalThis self console queueMicrotask setTimeout clearTimeout setInterval clearInterval structuredClone " +
  "AbortController AbortSignal Event EventTarget CustomEvent DOMException TextEncoder TextDecoder URL URLSearchParams " +
  "URLPattern atob btoa performance crypto Blob ReadableStream WritableStream TransformStream";
const LANGUAGE =
  /^(Object|Function|Array|Number|parse(Float|Int)|Infinity|NaN|undefined|Boolean|String|Symbol|Date|Promise|RegExp|\w*Error|JSON|Math|Intl|ArrayBuffer|Atomics|(Big)?(Ui|I)nt\d+(Clamped)?Array|Float\d+Array|DataView|Map|BigInt|Set|Iterator|Weak(Map|Set|Ref)|Proxy|Reflect|FinalizationRegistry|(de|en)codeURI(Component)?|(un)?escape|eval|is(Finite|NaN)|Temporal|(Async)?DisposableStack)$/;

const { stdin, stdout, exit } = (globalThis as unknown as { Deno: Pipes }).Deno;
const { parse, stringify } = JSON;
const encoder = new TextEncoder();

function send(message: GuestMessage): void {
  const bytes = encoder.encode(`${stringify(message)}\n`);
  for (let at = 0; at < bytes.length;) at += stdout.writeSync(bytes.subarray(at));
}

function fail(error: unknown): never {
  send({ type: "failed", ...describeThrown(error) });
  return exit(1);
}

/** What is not there cannot be tried: the permissions are the wall, this is the tidy room in front of it. */
function clearRoom(): void {
  const kept = new Set(KEPT.split(" "));
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!kept.has(name) && !LANGUAGE.test(name)) Reflect.deleteProperty(globalThis, name);
  }
}

function note(level: "info" | "warn", values: readonly unknown[]): void {
  send({ type: "note", level, text: values.map(show).join(" ").slice(0, 8192) });
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? value.message;
  try {
    return stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

const tellInfo = (...values: readonly unknown[]): void => note("info", values);
const tellWarn = (...values: readonly unknown[]): void => note("warn", values);
for (const name of Object.keys(globalThis.console)) Reflect.deleteProperty(globalThis.console, name);
Object.assign(globalThis.console, { log: tellInfo, info: tellInfo, debug: tellInfo, dir: tellInfo });
Object.assign(globalThis.console, { warn: tellWarn, error: tellWarn, trace: tellWarn });

type Thrown = Event & { readonly reason?: unknown; readonly error?: unknown };
const room = globalThis as unknown as { addEventListener(name: string, on: (event: Thrown) => void): void };
for (const name of ["unhandledrejection", "error"]) {
  room.addEventListener(name, (event) => {
    event.preventDefault();
    fail(event.reason ?? event.error);
  });
}

const waiting = new Map<number, (reply: ReplyMessage) => void>();
let lastId = 0;
const call: Call = (method, params) =>
  new Promise((resolve) => {
    const id = (lastId += 1);
    waiting.set(id, resolve);
    send({ type: "call", id, method, params });
  });

async function start(message: HostMessage & { type: "start" }, script: unknown): Promise<void> {
  const value = await (script as (hb: unknown) => unknown)(createHopbook(message, { call, note }));
  send({ type: "done", value: value ?? null });
  exit(0);
}

clearRoom();
try {
  // The constant name is mapped to the script; only so does Deno read it without a permission.
  // @ts-expect-error no file of this project has this name
  const script = (await import("hopbook:entry")) as { default?: unknown; runbook?: unknown };
  const entry = typeof script.default === "function";
  send({ type: "ready", version: 1, runbook: script.runbook ?? null, entry });
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stdin.readable) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n")) {
      const message = parse(text.slice(0, end)) as HostMessage;
      text = text.slice(end + 1);
      if (message.type === "start") start(message, script.default).catch(fail);
      else {
        waiting.get(message.id)?.(message);
        waiting.delete(message.id);
      }
    }
  }
  // The host is gone, or wants no more.
  exit(0);
} catch (error) {
  fail(error);
}
