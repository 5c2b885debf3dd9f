import { setTimeout as sleep } from "node:timers/promises";
import type { Argv } from "../../model/access.js";
import { onAbort } from "../../process/abort.js";
import type { LocalProcess, ProcessEnd, ProcessOptions } from "../../process/start.js";
import { Tail } from "../../process/growing-buffer.js";
import { quotePosix } from "../../process/quote.js";
import { createFrameReader, type RelayFrame } from "./frames.js";
import { RELAY_PRELUDE } from "./script.js";

/** How long the shell may take to say that it is there. */
const READY_MS = 5_000;
/** How long it may take to end once its stdin is closed. */
const CLOSE_MS = 1_000;
/** The relay ends a command itself this long after its caller has given it up. */
const GRACE_SECONDS = 1;
const KEPT_STDERR_BYTES = 2_000;
/** No exit code: the relay had no room for all that the command printed. */
const CUT_CODE = 999;

interface RelayOptions {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
}

export type RelayResult =
  | (Pick<RelayFrame, "exitCode" | "stdout" | "stderr"> & {
      readonly how: "ended";
      readonly truncated: boolean;
    })
  | { readonly how: "timedOut" | "canceled" }
  /** The relay is gone, and with it what is known of the command. */
  | { readonly how: "lost"; readonly end: ProcessEnd; readonly stderr: Buffer };

/** One shell at the other end of a connection, that runs many short commands: each costs no connection of its own. */
export interface Relay {
  /** Whether it still takes commands. */
  isAlive(): boolean;
  run(argv: Argv, options: RelayOptions): Promise<RelayResult>;
  /** Ends the shell; what runs ends by its own limit. */
  close(): Promise<void>;
}

type Start = (argv: Argv, options: Omit<ProcessOptions, "env">) => Promise<LocalProcess>;

/** Starts a relay; null where there is no shell, or no folder that it could write to. Rejects as `start` does. */
export async function openRelay(start: Start, argv: Argv = ["sh"]): Promise<Relay | null> {
  const waiting = new Map<number, (result: RelayResult) => void>();
  let alive = true;
  let lastId = 0;
  // A frame may come after its caller gave up: the bound is of all that were asked.
  let mostAsked = 0;
  const stderr = new Tail(KEPT_STDERR_BYTES);
  let ready: () => void = () => undefined;
  const isReady = new Promise<true>((resolve) => (ready = () => resolve(true)));
  const reader = createFrameReader({
    ready: () => ready(),
    frame: ({ id, ...frame }) =>
      waiting.get(id)?.({ how: "ended", truncated: frame.exitCode === CUT_CODE, ...frame }),
    maxBytes: () => mostAsked,
  });
  const shell = await start(argv, {
    stdin: "open",
    onStdout: (chunk) => {
      if (!alive) return;
      try {
        reader.push(chunk);
      } catch {
        alive = false;
        void shell.stop("killed");
      }
    },
    onStderr: stderr.push,
  });
  const ended = shell.done.then((end): false => {
    alive = false;
    for (const settle of [...waiting.values()]) settle({ how: "lost", end, stderr: stderr.bytes() });
    return false;
  });
  shell.write(RELAY_PRELUDE);
  const timer = new AbortController();
  const late = sleep(READY_MS, false as const, { signal: timer.signal }).catch(() => false as const);
  const opened = await Promise.race([isReady, ended, late]);
  timer.abort();
  if (!opened) {
    await shell.stop("killed");
    return null;
  }
  const close = async (): Promise<void> => {
    alive = false;
    shell.end();
    // It takes its folder away by itself; a signal would end what it does that with.
    await Promise.race([shell.done, sleep(CLOSE_MS, undefined, { ref: false })]);
    await shell.stop("killed");
  };
  return {
    isAlive: () => alive,
    run: (command, options) => {
      const id = (lastId += 1);
      mostAsked = Math.max(mostAsked, options.maxOutputBytes + 1);
      const limit = Math.ceil(options.timeoutMs / 1000) + GRACE_SECONDS;
      const line = `hopbook_run ${quotePosix([String(id), String(limit), String(options.maxOutputBytes + 1), ...command])}\n`;
      return new Promise((resolve) => {
        const settle = (result: RelayResult): void => {
          waiting.delete(id);
          clearTimeout(timeout);
          ignoreSignal();
          resolve(cut(result, options.maxOutputBytes));
        };
        const timeout = setTimeout(() => settle({ how: "timedOut" }), options.timeoutMs);
        waiting.set(id, settle);
        const ignoreSignal = onAbort(options.signal, () => queueMicrotask(() => settle({ how: "canceled" })));
        if (alive) shell.write(line);
        else void shell.done.then((end) => settle({ how: "lost", end, stderr: stderr.bytes() }));
      });
    },
    close,
  };
}

/** One byte more than was asked for tells that there was more. */
function cut(result: RelayResult, maxBytes: number): RelayResult {
  if (result.how !== "ended") return result;
  const { stdout, stderr } = result;
  if (stdout.length <= maxBytes && stderr.length <= maxBytes) return result;
  return {
    ...result,
    stdout: stdout.subarray(0, maxBytes),
    stderr: stderr.subarray(0, maxBytes),
    truncated: true,
  };
}
