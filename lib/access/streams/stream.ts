import type { Argv, NodeStream, StreamEnd } from "../../model/access.js";
import { messageOf } from "../../errors.js";
import { onAbort } from "../../process/abort.js";
import { Tail } from "../../process/growing-buffer.js";
import { createLineQueue } from "../../process/lines.js";
import type { LocalProcess, ProcessEnd } from "../../process/start.js";

const STDERR_KEPT_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;

/** What the process of a stream is given: where its output goes. */
interface StreamSinks {
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
}

export interface Judged {
  readonly end: StreamEnd;
  readonly stderr: Buffer;
}

interface StreamRecipe {
  readonly node: string;
  readonly argv: Argv;
  readonly signal?: AbortSignal | undefined;
  /** Starts the local process, or rejects when `giveUp` fires first. A rejection ends the stream with `transportLost` and its message on stderr. */
  start(sinks: StreamSinks, giveUp: AbortSignal): Promise<LocalProcess>;
  /** What the end of the local process says of the command on the node; may take bytes off stderr. */
  judge(end: ProcessEnd, stderr: Buffer): Judged | Promise<Judged>;
}

/** A NodeStream whose process may start a little later: what is written until then waits. */
export function openStream(recipe: StreamRecipe): NodeStream {
  let child: LocalProcess | undefined;
  const giveUp = new AbortController();
  let stdinEnded = false;
  const heard = new Tail(STDERR_KEPT_BYTES);
  /** What is left of it when the end was judged. */
  let judgedStderr: Buffer | undefined;
  const early: string[] = [];
  const queue = createLineQueue({
    highWaterBytes: HIGH_WATER_BYTES,
    onFull: () => child?.pauseStdout(),
    onDrained: () => child?.resumeStdout(),
  });
  const run = async (): Promise<StreamEnd> => {
    try {
      child = await recipe.start({ onStdout: queue.push, onStderr: heard.push }, giveUp.signal);
    } catch (error) {
      heard.push(Buffer.from(`${messageOf(error)}\n`));
      return { exitCode: null, signal: null, transportLost: !giveUp.signal.aborted };
    }
    for (const text of early) child.write(text);
    if (stdinEnded) child.end();
    if (giveUp.signal.aborted) void child.stop("killed");
    const ended = await child.done;
    const judged = await recipe.judge(ended, heard.bytes());
    judgedStderr = judged.stderr;
    return judged.end;
  };
  const done = run().finally(() => {
    queue.close();
    ignoreSignal();
  });
  const kill = (): Promise<StreamEnd> => {
    giveUp.abort();
    void child?.stop("killed");
    return done;
  };
  const ignoreSignal = onAbort(recipe.signal, () => void kill());
  return {
    node: recipe.node,
    argv: recipe.argv,
    write: (text) => {
      if (child !== undefined) child.write(text);
      else if (!stdinEnded) early.push(text);
    },
    end: () => {
      stdinEnded = true;
      child?.end();
    },
    stdoutLines: queue.lines,
    stderrText: () => (judgedStderr ?? heard.bytes()).toString("utf8"),
    done,
    kill,
  };
}
