import type { PacketRecord } from "../../model/sandbox.js";
import type { ReplyMessage, StartMessage } from "../wire.js";
import type {
  CaptureHandle,
  CommandPromise,
  CommandResult,
  CommandTag,
  Fetched,
  Hopbook,
  NodeHandle,
  PodHandle,
  Word,
} from "./script.js";

/** Asks the host. */
export type Call = (method: string, params: unknown) => Promise<ReplyMessage>;

interface Wires {
  readonly call: Call;
  readonly note: (level: "info" | "warn", values: readonly unknown[]) => void;
}

/** A call that was refused or failed: `code` is one of hopbook's error codes. */
class CallError extends Error {
  override name = "CallError";
  code = "";
  hint: string | null = null;
}

/** A command whose exit code is not 0. */
class CommandError extends Error {
  override name = "CommandError";
  result: CommandResult | null = null;
}

/** The message and the stack of whatever was thrown. */
export function describeThrown(error: unknown): { message: string; stack: string } {
  try {
    if (!(error instanceof Error)) return { message: `it threw ${String(error)}`.slice(0, 8192), stack: "" };
    const hint = error instanceof CallError && error.hint !== null ? ` (${error.hint})` : "";
    return {
      message: `${error.name}: ${error.message}${hint}`.slice(0, 8192),
      stack: String(error.stack).slice(0, 32_768),
    };
  } catch {
    return { message: "it threw what cannot be shown", stack: "" };
  }
}

/** The error was made where the script called, so that its stack says where. */
function fill(error: Error, message: string): Error {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  error.message = message;
  error.stack = [`${error.name}: ${message}`, ...frames].join("\n");
  return error;
}

export function createHopbook(start: StartMessage, { call, note }: Wires): Hopbook {
  const ask = async <T>(method: string, params: unknown): Promise<T> => {
    const error = new CallError();
    const reply = await call(method, params);
    if (reply.ok) return reply.value as T;
    const { code, message, hint } = reply.error;
    throw fill(Object.assign(error, { code, hint }), message);
  };
  const tagFor = (target: { readonly node: string } | { readonly pod: string }): CommandTag => {
    return (pieces, ...values) => runCommand(ask, { ...target, argv: buildArgv(pieces, values) });
  };
  const nodes = start.nodes.map((name): NodeHandle => ({ name, $: tagFor({ node: name }) }));
  return Object.freeze({
    inputs: start.inputs,
    env: start.env,
    steps: start.steps,
    cluster: { name: start.cluster },
    runId: start.runId,
    run: <T>(uses: string, input: Readonly<Record<string, unknown>> = {}) =>
      ask<T>("run", { uses, with: input }),
    nodes,
    node: (name: string) => {
      const found = nodes.find((node) => node.name === name);
      if (found === undefined) throw new Error(`There is no node ${name} that could be reached`);
      return found;
    },
    pods: {
      get: async (name: string): Promise<PodHandle> => {
        const pod = await ask<{ name: string; node: string; ips: string[] }>("pod", { name });
        return { ...pod, $: tagFor({ pod: pod.name }) };
      },
    },
    captures: {
      list: async () => {
        const captures = await ask<Omit<CaptureHandle, "packets">[]>("captures", {});
        return captures.map((capture): CaptureHandle => ({
          ...capture,
          packets: (options = {}) => readPackets(ask, capture.pcap, options.filter),
        }));
      },
    },
    artifacts: {
      writeText: (name: string, text: string) => ask<string>("artifact.write", { name, text: String(text) }),
      writeJson: (name: string, value: unknown) =>
        ask<string>("artifact.write", { name, text: `${JSON.stringify(value, null, 2)}\n` }),
      read: (name: string) => ask<string>("artifact.read", { name }),
    },
    log: (text: string) => note("info", [text]),
    warn: (text: string) => note("warn", [text]),
    readFile: (path: string) => ask<string>("file.read", { path }),
    writeFile: async (path: string, text: string) =>
      void (await ask("file.write", { path, text: String(text) })),
    fetch: (url: string, options = {}) => ask<Fetched>("fetch", { url, ...options }),
    readEnv: (name: string) => ask<string | null>("env", { name }),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  }) satisfies Hopbook;
}

type Ask = <T>(method: string, params: unknown) => Promise<T>;

function runCommand(ask: Ask, params: { readonly argv: readonly string[] }): CommandPromise {
  const failed = new CommandError();
  let throws = true;
  const running = ask<Omit<CommandResult, "json">>("exec", params).then((plain): CommandResult => {
    const result = { ...plain, json: <T>() => JSON.parse(plain.stdout) as T };
    if (!throws || plain.exitCode === 0) return result;
    failed.result = result;
    const said = plain.stderr.trim().split("\n").slice(-3).join("; ").slice(0, 500);
    const end = plain.exitCode === null ? "was ended" : `gave exit code ${plain.exitCode}`;
    throw fill(failed, `${params.argv.join(" ")} on ${plain.node} ${end}${said === "" ? "" : `: ${said}`}`);
  });
  const promise: CommandPromise = Object.assign(running, {
    nothrow: (): CommandPromise => {
      throws = false;
      return promise;
    },
  });
  return promise;
}

async function* readPackets(
  ask: Ask,
  pcap: string,
  filter: ((packet: PacketRecord) => boolean) | undefined,
): AsyncGenerator<PacketRecord> {
  if (filter !== undefined && typeof filter !== "function") {
    throw new TypeError('packets() takes a function as its filter: ({ flags }) => flags.includes("SYN")');
  }
  const cursor = await ask<number>("packets.open", { pcap });
  try {
    for (;;) {
      const { packets, more } = await ask<{ packets: PacketRecord[]; more: boolean }>("packets.next", {
        cursor,
      });
      for (const packet of packets) if (filter === undefined || filter(packet)) yield packet;
      if (!more) return;
    }
  } finally {
    await ask("packets.close", { cursor });
  }
}

/** Words by white space; no shell, so what one would obey is refused and never passed on as if it meant something. */
export function buildArgv(pieces: readonly string[], values: readonly Word[]): string[] {
  const argv: string[] = [];
  let word: string | undefined;
  const end = (): void => {
    if (word !== undefined) argv.push(word);
    word = undefined;
  };
  pieces.forEach((piece, index) => {
    const odd = /["'`\\|&;<>]/.exec(piece);
    if (odd !== null)
      throw new Error(`There is no shell: write \${${JSON.stringify(odd[0])}} for a plain ${odd[0]}`);
    const parts = piece.split(/\s+/);
    parts.forEach((part, position) => {
      if (position > 0) end();
      if (part !== "") word = (word ?? "") + part;
    });
    if (index >= values.length) return;
    const value: unknown = values[index];
    if (Array.isArray(value)) {
      if (word !== undefined || !/^(\s|$)/.test(pieces[index + 1] ?? "")) {
        throw new Error("A list of words cannot be part of a word: put spaces around it");
      }
      argv.push(...value.map(wordOf));
    } else word = (word ?? "") + wordOf(value);
  });
  end();
  if (argv.length === 0) throw new Error("There is no command");
  return argv;
}

function wordOf(value: unknown): string {
  if (typeof value === "string" || (typeof value === "number" && Number.isFinite(value)))
    return String(value);
  throw new Error(`A word of a command is text or a number, not ${value === null ? "null" : typeof value}`);
}
