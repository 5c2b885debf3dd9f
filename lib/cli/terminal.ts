import { LiveLine } from "./live-line.js";
import { stopUnheard } from "./signals.js";

/** Where the command's words go. Injected, so that tests read them. */
export interface Terminal {
  /** The result: what a pipe reads. */
  out(text: string): void;
  /** For people: progress, questions, errors. */
  err(text: string): void;
  /** Shows a line that goes before anything else is written; absent where what is written stays. */
  readonly live?: ((text: string) => void) | undefined;
  /** Where bytes go that are no words; absent: nowhere. */
  readonly stdout?: { readonly fd: number; readonly isTerminal: boolean };
  readonly color: boolean;
  readonly unicode: boolean;
  readonly width: number;
  /** Both ends are a terminal, so that a person can be asked. */
  readonly interactive: boolean;
  /** What was typed to get here. Default: hopbook. */
  readonly programName?: string;
  /** Asks and gives back the line; null at end of input. */
  ask(question: string): Promise<string | null>;
}

/** The terminal of this process. https://no-color.org, and FORCE_COLOR as Node reads it. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr, stdin } = process;
  for (const stream of [stdout, stderr])
    if (!stream.listeners("error").includes(endQuietly)) stream.on("error", endQuietly);
  const forced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const locale = env["LC_ALL"] ?? env["LC_CTYPE"] ?? env["LANG"] ?? "";
  const line = stderr.isTTY && env["TERM"] !== "dumb" ? new LiveLine(stderr) : null;
  return {
    out: (text) => {
      line?.erase();
      stdout.write(text);
    },
    err: (text) => {
      line?.erase();
      stderr.write(text);
    },
    ...(line === null ? {} : { live: (text: string) => line.show(text) }),
    stdout: { fd: 1, isTerminal: stdout.isTTY },
    color: forced || (stdout.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb"),
    unicode: /utf-?8/i.test(locale) || (locale === "" && env["TERM"] !== "linux" && stdout.isTTY),
    width: Math.max(40, Math.min(stdout.columns ?? 100, 160)),
    interactive: stdin.isTTY && stderr.isTTY,
    ask: async (question) => {
      line?.erase();
      const { createInterface } = await import("node:readline");
      const reader = createInterface({ input: stdin, output: stderr });
      return new Promise((resolve) => {
        let answer: string | null = null;
        reader.question(question, (line) => {
          answer = line;
          reader.close();
        });
        // Readline takes Ctrl-C for itself: give it to those who listen for the signal.
        reader.once("SIGINT", () => {
          process.emit("SIGINT");
          reader.close();
        });
        reader.once("close", () => resolve(answer));
      });
    },
  };
}

/**
 * Nobody reads any more (`| head`), or the disk is full: there is no one left to tell, and no stack to show. A run that
 * goes on is stopped first, and takes away what it made.
 */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (stopUnheard()) return;
  const exitCode = Number(process.exitCode ?? 0);
  process.exit(exitCode !== 0 || error.code === "EPIPE" ? exitCode : 1);
}
