import { randomBytes } from "node:crypto";
import type { Argv } from "../../model/access.js";
import { onAbort } from "../../process/abort.js";
import { GrowingBuffer } from "../../process/growing-buffer.js";
import { LEASE_BEAT_MS, LEASE_END } from "../../process/lease.js";
import { quotePosix } from "../../process/quote.js";
import type { OwnProcess } from "../../process/start.js";
import { SHELL_PRELUDE } from "./shell-script.js";

/** Of the mark's lines and the exit code, beside what a command printed. */
const MARKS_BYTES = 200;

interface ShellCommand {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal | undefined;
  /** It runs under a lease: it reads beats. */
  readonly leased: boolean;
}

export type ShellResult =
  | {
      readonly how: "ended";
      /** null: it was ended on the node in a way that left none. */
      readonly exitCode: number | null;
      readonly stdout: Buffer;
      readonly stderr: Buffer;
      readonly truncated: boolean;
    }
  | { readonly how: "timedOut" | "canceled" }
  /** The shell was gone before it had the command: nothing was started. */
  | { readonly how: "unstarted" }
  /** The shell is gone, and with it what is known of the command. */
  | { readonly how: "lost" };

/** A shell on a node that runs one command after the other. */
export interface NodeShell {
  isAlive(): boolean;
  /** Alive, and at no command: one that was given up is waited for. */
  isIdle(): boolean;
  /** Only while idle. */
  run(argv: Argv, command: ShellCommand): Promise<ShellResult>;
  /** What its process prints. */
  readonly push: (chunk: Buffer) => void;
  /** Closes its stdin: it ends, when the command that it runs does. */
  end(): void;
}

interface Running {
  readonly mark: string;
  readonly maxBytes: number;
  /** Where stdout ends, once that was said. */
  outBytes: number | null;
  readonly settle: (result: ShellResult) => void;
  /** What it means for the command that the shell is gone. */
  loss(): Promise<ShellResult>;
}

/** Makes a process that runs a POSIX sh one that takes commands: it has said nothing yet, or all that it said is read. */
export function driveShell(
  process: Pick<OwnProcess, "write" | "writeTaken" | "end" | "done" | "stop">,
): NodeShell {
  let alive = true;
  let running: Running | null = null;
  let said = new GrowingBuffer();
  const lose = (): void => {
    alive = false;
    void running?.loss().then(running.settle);
  };
  void process.done.then(lose);
  process.write(SHELL_PRELUDE);
  const giveUp = (): void => {
    lose();
    void process.stop("killed");
  };
  const push = (chunk: Buffer): void => {
    if (!alive) return;
    // What comes while nothing runs is nobody's, and might become the next command's.
    if (running === null) return giveUp();
    said.append(chunk);
    const { mark, maxBytes } = running;
    running.outBytes ??= findOut(said.view(), { mark, chunkBytes: chunk.length });
    if (said.length > 2 * maxBytes + MARKS_BYTES) return giveUp();
    const result = readResult(said.view(), running);
    if (result === null) return;
    const ended = running;
    running = null;
    said = new GrowingBuffer();
    ended.settle(result);
  };
  return {
    isAlive: () => alive,
    isIdle: () => alive && running === null,
    push,
    end: () => process.end(),
    run: (argv, { timeoutMs, maxOutputBytes, signal, leased }) => {
      if (!alive) return Promise.resolve({ how: "unstarted" });
      const mark = `hopbook-${randomBytes(16).toString("hex")}`;
      const maxBytes = maxOutputBytes + 1;
      const words = [mark, String(maxBytes), leased ? "beats" : "none", ...argv];
      const line = `hopbook_run ${quotePosix(words)}\n`;
      return new Promise((resolve) => {
        const settle = (result: ShellResult): void => {
          clearTimeout(timer);
          clearInterval(beat);
          ignoreSignal();
          resolve(result);
        };
        const leave = (how: "timedOut" | "canceled"): void => {
          if (leased) process.write(`${LEASE_END}\n`);
          settle({ how });
        };
        const timer = setTimeout(() => leave("timedOut"), timeoutMs);
        const beat = leased ? setInterval(() => process.write("beat\n"), LEASE_BEAT_MS) : undefined;
        const ignoreSignal = onAbort(signal, () => queueMicrotask(() => leave("canceled")));
        const given = process.writeTaken(line);
        const loss = async (): Promise<ShellResult> => ({
          how: (await given) === "refused" ? "unstarted" : "lost",
        });
        running = { mark, maxBytes, outBytes: null, settle, loss };
        void given.then((how) => how === "refused" && settle({ how: "unstarted" }));
      });
    },
  };
}

/** The bytes before the line that ends stdout; null where it has not come. Only what is new is looked at. */
function findOut(
  said: Buffer,
  { mark, chunkBytes }: { readonly mark: string; readonly chunkBytes: number },
): number | null {
  const word = `\n${mark} out\n`;
  const at = said.indexOf(word, Math.max(0, said.length - chunkBytes - word.length), "latin1");
  return at === -1 ? null : at;
}

function readResult(said: Buffer, { mark, maxBytes, outBytes }: Running): ShellResult | null {
  const last = Buffer.from(`\n${mark} end\n`, "latin1");
  if (outBytes === null || !said.subarray(-last.length).equals(last)) return null;
  const kept = maxBytes - 1;
  const stdout = said.subarray(0, outBytes);
  const told = said.subarray(outBytes + `\n${mark} out\n`.length, said.length - last.length);
  const code = /\n(\d{1,3})$/.exec(told.subarray(-4).toString("latin1"));
  const stderr = code === null ? told : told.subarray(0, told.length - code[0].length);
  const truncated = stdout.length > kept || stderr.length > kept || told.length >= maxBytes;
  return {
    how: "ended",
    exitCode: code === null || truncated ? null : Number(code[1]),
    stdout: Buffer.from(stdout.subarray(0, kept)),
    stderr: Buffer.from(stderr.subarray(0, kept)),
    truncated,
  };
}
