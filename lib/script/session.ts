import { setTimeout as sleep } from "node:timers/promises";
import { asHopbookError, HopbookError } from "../errors.js";
import type { SandboxProcess } from "../model/sandbox.js";
import { formatDuration } from "../model/units.js";
import { describeEnd, describeFailure, failScript } from "./failure.js";
import { parseGuestMessage } from "./parse.js";
import { createSlots, type Slots } from "../process/slots.js";
import type { GuestMessage, HostMessage, StartMessage } from "./wire.js";

const MAX_CALLS = 10_000;
const MAX_CALLS_AT_ONCE = 256;
const CALLS_IN_WORK = 8;
/** Of all calls that wait for their answer, or that it is taken: as much as a script may write. */
const MAX_WAITING_CHARS = 64 * 1024 * 1024;
const MAX_NOTES = 1000;
const MAX_RESULT_CHARS = 4 * 1024 * 1024;
const LOAD_LIMIT_MS = 10_000;
const ANSWER_GRACE_MS = 3_000;

/** Answers a call; what it throws goes back to the script as an error that it can catch. */
export type CallHandler = (params: unknown, signal: AbortSignal) => Promise<unknown>;
export type CallHandlers = ReadonlyMap<string, CallHandler>;

interface ScriptRun {
  readonly start: Omit<StartMessage, "type" | "version">;
  readonly handlers: CallHandlers;
  /** How long it may take, as it is said. */
  readonly timeoutMs: number;
  /** How much of that is left. Default: all. */
  readonly leftMs?: number;
}

interface OpenOptions {
  readonly note: (level: "info" | "warn", text: string) => void;
  /** Default: 10 s. */
  readonly loadLimitMs?: number;
}

/** A script whose modules are evaluated. */
export interface ScriptSession {
  /** Its export `runbook`, unchecked; null where it has none. */
  readonly runbook: unknown;
  /** Runs its default export once; the value that it returned. Throws SCRIPT_FAILED. */
  run(options: ScriptRun): Promise<unknown>;
  /** Ends the sandbox. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Waits until the script's modules are evaluated. What it calls before it is started is refused. Throws SCRIPT_FAILED
 * at file:line:column, and ends the sandbox, where it fails, has no function to run, or takes too long.
 */
export async function openScript(process: SandboxProcess, options: OpenOptions): Promise<ScriptSession> {
  const link = new Link(process, options);
  const limitMs = options.loadLimitMs ?? LOAD_LIMIT_MS;
  try {
    const ready = await link.limit({ saidMs: limitMs, leftMs: limitMs }, "load its modules", async () => {
      for (;;) {
        const message = await link.next();
        if (message.type === "ready") return message;
        throw failScript(process, `it sent "${message.type}" before it was started`);
      }
    });
    if (!ready.entry) {
      throw failScript(
        process,
        "it has no default export that is a function",
        "export default async function (hb) { … }",
      );
    }
    return { runbook: ready.runbook, run: (run) => link.run(run), close: () => process.kill() };
  } catch (error) {
    await process.kill();
    throw error;
  }
}

class Link {
  readonly #process: SandboxProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #options: OpenOptions;
  readonly #sending = createSlots(1);
  /** No call is worked on any more. */
  readonly #ending = new AbortController();
  #notes = 0;
  /** Of the line that was read last. */
  #lineChars = 0;

  constructor(process: SandboxProcess, options: OpenOptions) {
    this.#process = process;
    this.#lines = process.lines[Symbol.asyncIterator]();
    this.#options = options;
  }

  /** The next message that is neither a note nor a failure. */
  async next(): Promise<Exclude<GuestMessage, { type: "note" | "failed" }>> {
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) throw await describeEnd(this.#process);
      if (line.value === "") continue;
      this.#lineChars = line.value.length;
      const message = parseGuestMessage(line.value);
      if (message.type === "failed") throw describeFailure(this.#process, message);
      if (message.type !== "note") return message;
      this.#tell(message.level, message.text);
    }
  }

  async limit<T>(
    { saidMs, leftMs }: { readonly saidMs: number; readonly leftMs: number },
    doing: string,
    body: () => Promise<T>,
  ): Promise<T> {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      void this.#process.kill();
      this.#ending.abort();
    }, leftMs);
    try {
      return await body();
    } catch (error) {
      if (!over) throw error;
      throw failScript(
        this.#process,
        `it did not ${doing} within ${formatDuration(saidMs)}`,
        "Look for a loop or a promise that never ends, or raise the step's `timeout`",
      );
    } finally {
      clearTimeout(timer);
    }
  }

  async run({ start, handlers, timeoutMs, leftMs }: ScriptRun): Promise<unknown> {
    const slots = createSlots(CALLS_IN_WORK);
    const answering = new Set<Promise<void>>();
    let calls = 0;
    let waitingChars = 0;
    try {
      return await this.limit({ saidMs: timeoutMs, leftMs: leftMs ?? timeoutMs }, "end", async () => {
        await this.#send({ type: "start", version: 1, ...start });
        for (;;) {
          const message = await this.next();
          if (message.type === "done") return checkResult(this.#process, message.value);
          if (message.type !== "call")
            throw failScript(this.#process, `it sent "${message.type}" out of turn`);
          calls += 1;
          if (calls > MAX_CALLS) throw failScript(this.#process, `it made more than ${MAX_CALLS} calls`);
          if (answering.size >= MAX_CALLS_AT_ONCE) {
            throw failScript(
              this.#process,
              `it made more than ${MAX_CALLS_AT_ONCE} calls at once`,
              "Await calls before you make more of them",
            );
          }
          const chars = this.#lineChars;
          waitingChars += chars;
          if (waitingChars > MAX_WAITING_CHARS) {
            throw failScript(
              this.#process,
              "its calls at once hold more than 64 MiB",
              "Await calls before you make more of them",
            );
          }
          const answer = this.#answer(message, { handlers, slots, signal: this.#ending.signal });
          answering.add(answer);
          void answer.finally(() => {
            answering.delete(answer);
            waitingChars -= chars;
          });
        }
      });
    } finally {
      this.#ending.abort();
      await this.#process.kill();
      await settleWithin(ANSWER_GRACE_MS, [...answering]);
    }
  }

  async #answer(
    call: GuestMessage & { type: "call" },
    { handlers, slots, signal }: { handlers: CallHandlers; slots: Slots; signal: AbortSignal },
  ): Promise<void> {
    const { id, method, params } = call;
    try {
      const handler = handlers.get(method);
      if (handler === undefined) {
        throw new HopbookError("SCRIPT_FAILED", `There is no call ${JSON.stringify(method.slice(0, 80))}`);
      }
      const release = await slots.acquire({ signal });
      try {
        signal.throwIfAborted();
        const value = (await handler(params, signal)) ?? null;
        // Its place is free when the script has taken the answer: what it does not read is not made.
        await this.#send({ type: "reply", id, ok: true, value });
      } finally {
        release?.();
      }
    } catch (error) {
      const { code, message, hint } = asHopbookError(error);
      await this.#send({ type: "reply", id, ok: false, error: { code, message, hint: hint ?? null } });
    }
  }

  /** One line at a time is spelt out. Resolves when it was taken, or the script has ended. */
  async #send(message: HostMessage): Promise<void> {
    const release = await this.#sending.acquire({});
    try {
      // CEL's integers are bigints.
      const plain = (_key: string, value: unknown): unknown =>
        typeof value === "bigint" ? Number(value) : value;
      await this.#process.writeLine(JSON.stringify(message, plain));
    } finally {
      release?.();
    }
  }

  #tell(level: "info" | "warn", text: string): void {
    this.#notes += 1;
    if (this.#notes < MAX_NOTES) this.#options.note(level, this.#process.localise(text));
    else if (this.#notes === MAX_NOTES) {
      this.#options.note("warn", `it said ${MAX_NOTES} things; what it says from here on is not shown`);
    }
  }
}

function checkResult(process: SandboxProcess, value: unknown): unknown {
  if (JSON.stringify(value).length <= MAX_RESULT_CHARS) return value;
  throw failScript(
    process,
    "it returned more than 4 MiB",
    "Write large results with hb.artifacts, and return their path",
  );
}

/** What the engine does for a script ends with its signal; whoever does not hear that is not waited for. */
async function settleWithin(ms: number, promises: readonly Promise<void>[]): Promise<void> {
  const over = new AbortController();
  const timer = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(promises), timer]);
  over.abort();
}
