import { matchBounded } from "../../cel/index.js";
import { HopbookError } from "../../errors.js";
import type { PlannedCommand, StepContext } from "../../model/steps.js";
import { visible } from "../../model/visible.js";
import { findPlace } from "../command-place.js";
import { wordsOf } from "../command-run.js";
import type { TriggerSource } from "./types.js";

export interface CommandTrigger {
  readonly argv: readonly unknown[];
  readonly on: string;
  /** Fires at this one; default: at any but 0, where `match` is not given. */
  readonly exitCode?: number;
  /** Fires where what it printed matches. */
  readonly match?: string;
}

const RUN_MS = 30_000;
const MOST_BYTES = 65_536;
const MATCHED_CHARS = 16_384;

/** Runs a command again and again until its exit code or its output fires. */
export async function planCommandTrigger(
  input: CommandTrigger,
  context: StepContext,
  everyMs: number,
): Promise<TriggerSource> {
  const words = wordsOf(input.argv);
  const { node, enter, reads } = await findPlace(input.on, context);
  const argv = enter === null ? words : (["nsenter", `--net=${enter}`, "--", ...words] as const);
  const action = context.actionOf(argv);
  const effect = action === "node/mutate" || action === "node/shell" ? "change" : "read";
  const command: PlannedCommand = { node, action, argv, effect };
  return {
    commands: [...reads, command],
    note: `runs ${visible(words.join(" "), { maxChars: 80 })} on ${input.on} until ${wishOf(input)}`,
    async wait(run, { signal, armed }) {
      for (let isFirst = true; ; isFirst = false) {
        const { exitCode, text } = await runOnce(command, run, signal);
        if (isFirst) armed();
        if (fires(input, exitCode, text)) {
          const said = visible(text.trim(), { maxChars: 200 });
          return { by: "command", what: `${words[0]} on ${input.on}: exit code ${exitCode}: ${said}`, node };
        }
        await run.clock.sleep(everyMs, signal);
      }
    },
  };
}

function wishOf({ exitCode, match }: CommandTrigger): string {
  const wishes = [
    ...(exitCode === undefined ? [] : [`its exit code is ${exitCode}`]),
    ...(match === undefined ? [] : [`it prints what matches ${JSON.stringify(match)}`]),
  ];
  return wishes.join(" and ") || "its exit code is not 0";
}

function fires({ exitCode: wanted, match }: CommandTrigger, exitCode: number, text: string): boolean {
  const isCode = wanted === undefined ? match !== undefined || exitCode !== 0 : exitCode === wanted;
  return isCode && (match === undefined || matchBounded(text.slice(0, MATCHED_CHARS), match));
}

async function runOnce(
  { node, argv, action }: PlannedCommand,
  { accesses, unreachable }: StepContext,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const access = accesses.get(node);
  if (access === undefined) {
    throw (
      unreachable.get(node) ?? new HopbookError("NODE_UNREACHABLE", `Cannot wait on ${node}: it is not open`)
    );
  }
  const result = await access.exec(argv, { action, timeoutMs: RUN_MS, maxOutputBytes: MOST_BYTES, signal });
  signal.throwIfAborted();
  // One that hangs is one that fails, as timeout(1) has it.
  return { exitCode: result.exitCode ?? 124, text: result.stdout.toString("utf8") };
}
