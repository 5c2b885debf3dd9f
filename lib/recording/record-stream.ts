import type { NodeStream, StreamEnd } from "../model/access.js";
import type { Recording } from "./counter.js";
import { BEAT, type Call, type StreamTurn } from "./format.js";

const MAX_BATCH_LINES = 256;
const MAX_BATCH_CHARS = 64 * 1024;

/** Where a call that has ended says when it began and ended. */
type CallEnd = () => Omit<Call, "error">;

interface StreamRecording extends Recording {
  readonly end: CallEnd;
  readonly signal: AbortSignal | undefined;
}

const NEVER_ENDED = { exitCode: null, signal: null, transportLost: true };

interface Batch {
  readonly seq: number;
  readonly atMs: number;
  readonly out: string[];
  chars: number;
}

/** Records what goes over a stream: the lines as they are read, what is written, how it ends. */
export function recordStream(stream: NodeStream, to: StreamRecording): NodeStream {
  const { writer, count } = to;
  const startedMs = Date.now();
  const lines = writer.openLines();
  let batch: Batch | null = null;
  let killed = false;
  let isClosed = false;
  const atMs = (): number => Date.now() - startedMs;
  const flush = (): void => {
    if (batch === null) return;
    const { seq, atMs: at, out } = batch;
    batch = null;
    append({ seq, atMs: at, out });
  };
  const append = (turn: StreamTurn): void => {
    if (!isClosed) lines.append(turn);
  };
  /** Lines that came with nothing in between are one turn. */
  const take = (line: string): void => {
    const fits =
      batch !== null &&
      count.last === batch.seq &&
      batch.out.length < MAX_BATCH_LINES &&
      batch.chars < MAX_BATCH_CHARS;
    if (!fits) {
      flush();
      batch = { seq: count.next(), atMs: atMs(), out: [], chars: 0 };
    }
    batch?.out.push(line);
    if (batch !== null) batch.chars += line.length;
  };
  let hasBegun = false;
  let hasRead = false;
  let ended: { readonly call: ReturnType<CallEnd>; readonly end: StreamEnd } | null = null;
  const finish = (): void => {
    if (isClosed) return;
    flush();
    isClosed = true;
    to.open.delete(finish);
    const { exitCode, signal, transportLost } = ended?.end ?? NEVER_ENDED;
    const stderr = writer.keep(Buffer.from(stream.stderrText(), "utf8"));
    const wasKilled = killed || to.signal?.aborted === true || ended === null;
    writer.append({
      ...{ type: "stream", ...(ended?.call ?? to.end()), argv: stream.argv, exitCode, signal, transportLost },
      ...{ killed: wasKilled, stderr, turns: lines.close(), error: null },
    });
  };
  to.open.add(finish);
  async function* read(): AsyncGenerator<string> {
    hasBegun = true;
    try {
      for await (const line of stream.stdoutLines) {
        take(line);
        yield line;
      }
    } finally {
      hasRead = true;
      if (ended !== null) finish();
    }
  }
  // The reader may be behind: what it reads after the end is part of the stream as well.
  void stream.done.then((end) => {
    flush();
    ended = { call: to.end(), end };
    if (hasRead || !hasBegun) finish();
  });
  return {
    node: stream.node,
    argv: stream.argv,
    write(text) {
      if (text !== BEAT) {
        flush();
        append({ seq: count.next(), atMs: atMs(), in: text });
      }
      stream.write(text);
    },
    end() {
      flush();
      append({ seq: count.next(), atMs: atMs(), closed: true });
      stream.end();
    },
    stdoutLines: read(),
    stderrText: () => stream.stderrText(),
    done: stream.done,
    kill: () => {
      killed = true;
      return stream.kill();
    },
  };
}
