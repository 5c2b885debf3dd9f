import { mostMs } from "../fixtures/patience.js";
import { runProgram, type LabCommandOptions } from "../../lib/lab/enter.js";

/** Runs a program to its end and returns its stdout. Throws with what it said where it fails. */
export async function run(argv: readonly string[], options: LabCommandOptions = {}): Promise<string> {
  const result = await runProgram(argv, options);
  if (result.exitCode === 0) return result.stdout;
  const why = result.timedOut ? "took too long" : `exit code ${String(result.exitCode)}`;
  const said = (result.stderr || result.stdout).trim().split("\n").slice(-15).join("\n");
  throw new Error(`${argv.slice(0, 6).join(" ")}: ${why}\n${said}`);
}

const WAITS_MS = [5000, 20_000, 60_000];

/** Does again, three times at most, what may have failed for the network's sake. Throws the last failure, with `what`. */
export async function retry<T>(what: string, work: () => Promise<T>): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await work();
    } catch (error) {
      const [line] = messageOf(error).split("\n").slice(-1);
      process.stderr.write(
        `cluster: ${what}: again in ${String(waitMs / 1000)} s, for it said ${line ?? ""}\n`,
      );
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  try {
    return await work();
  } catch (error) {
    const tries = WAITS_MS.length + 1;
    throw new Error(`${what}: failed ${String(tries)} times, at last: ${messageOf(error)}`, { cause: error });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Asks again until it says something else than null. Throws with `what` after the time limit, on a busy machine some times that. */
export async function until<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | null> | T | null,
): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() - startedMs > mostMs(timeoutMs))
      throw new Error(`${what}: not within ${String(timeoutMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
