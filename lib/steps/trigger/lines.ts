import { HopbookError } from "../../errors.js";
import type { Argv, NodeStream } from "../../model/access.js";
import type { PlannedCommand, StepContext } from "../../model/steps.js";
import { visible } from "../../model/visible.js";
import type { WaitOptions } from "./types.js";

const BEAT_MS = 4000;
/** A program that is told to end by the end of its stdin does so at once. */
const END_MS = 2000;
const MOST_CHARS = 16_384;

/** What a line means: it listens, it fires with these words, or (null) something else. */
type ReadLine = (line: string) => "armed" | { readonly what: string } | null;

/** Runs a command that prints until a line fires, and ends it. Rejects with CAPTURE_FAILED where it ended by itself. */
export async function waitForLine(
  command: Pick<PlannedCommand, "node" | "action" | "argv">,
  read: ReadLine,
  { context, options }: { readonly context: StepContext; readonly options: WaitOptions },
): Promise<string> {
  const { node, action, argv } = command;
  const stream = open(command, context, options.signal);
  const beat = setInterval(() => stream.write("beat\n"), BEAT_MS);
  beat.unref();
  let said = "";
  try {
    for await (const line of stream.stdoutLines) {
      const meaning = read(line.slice(0, MOST_CHARS));
      if (meaning === "armed") options.armed();
      else if (meaning !== null) return meaning.what;
      else said = line;
    }
  } finally {
    clearInterval(beat);
    stream.end();
    options.endings.push(endOf(stream, context));
  }
  options.signal.throwIfAborted();
  const last = visible(said || stream.stderrText().trim() || "it said nothing", { maxChars: 300 });
  throw new HopbookError(
    "CAPTURE_FAILED",
    `Cannot wait on ${node} any more: ${nameOf(argv)} ended: ${last}`,
    {
      where: { node, argv },
      detail: action,
    },
  );
}

/** What was found is not held up by it. */
async function endOf(stream: NodeStream, { clock }: StepContext): Promise<void> {
  const given = new AbortController();
  const late = clock.sleep(END_MS, given.signal).catch(() => undefined);
  await Promise.race([stream.done, late]);
  given.abort();
  await stream.kill();
}

function open(
  { node, action, argv }: Pick<PlannedCommand, "node" | "action" | "argv">,
  { accesses, unreachable }: StepContext,
  signal: AbortSignal,
): NodeStream {
  const access = accesses.get(node);
  if (access !== undefined) return access.stream(argv, { action, signal });
  throw (
    unreachable.get(node) ??
    new HopbookError("NODE_UNREACHABLE", `Cannot wait on ${node}: it is not open to this run`)
  );
}

function nameOf(argv: Argv): string {
  return argv[3] ?? argv[0];
}
