import { GrowingBuffer } from "./growing-buffer.js";

/** A line longer than this is handed out in pieces: a node can send bytes without a newline for ever. */
export const MAX_LINE_BYTES = 1024 * 1024;
/** What a waiting line takes besides its bytes, about: empty ones count as well. */
const LINE_COST_BYTES = 100;
const NEWLINE = 0x0a;

interface LineQueue {
  readonly push: (chunk: Buffer) => void;
  /** No more will come; an unfinished last line is handed out. */
  readonly close: () => void;
  /** One reader only. */
  readonly lines: AsyncIterable<string>;
}

interface LineQueueOptions {
  /** Above this many bytes waiting, `onFull` is called; when the reader has caught up, `onDrained`. */
  readonly highWaterBytes: number;
  /** A longer line comes in pieces. Default MAX_LINE_BYTES. */
  readonly maxLineBytes?: number;
  readonly onFull: () => void;
  readonly onDrained: () => void;
}

/** Bytes in as they come, UTF-8 lines out as they are read. */
export function createLineQueue(options: LineQueueOptions): LineQueue {
  const { maxLineBytes = MAX_LINE_BYTES } = options;
  let ready: Buffer[] = [];
  let taken = 0; // lines of `ready` that were handed out: shifting a long array would move all of it
  const partial = new GrowingBuffer();
  let waitingBytes = 0;
  let full = false;
  let closed = false;
  let wake: (() => void) | undefined;

  const keep = (line: Buffer): void => {
    ready.push(line);
    waitingBytes += line.length + LINE_COST_BYTES;
  };
  const flushPartial = (): void => keep(partial.take(partial.length));
  const addPartial = (piece: Buffer): void => {
    for (let start = 0; start < piece.length;) {
      const part = piece.subarray(start, start + maxLineBytes - partial.length);
      partial.append(part);
      start += part.length;
      if (partial.length >= maxLineBytes) flushPartial();
    }
  };
  const endLine = (piece: Buffer): void => {
    // Most lines are whole in one chunk, and are not copied.
    if (partial.length === 0 && piece.length < maxLineBytes) return keep(piece);
    addPartial(piece);
    flushPartial();
  };
  const push = (chunk: Buffer): void => {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
      endLine(chunk.subarray(start, at));
      start = at + 1;
    }
    addPartial(chunk.subarray(start));
    if (!full && waitingBytes > options.highWaterBytes) {
      full = true;
      options.onFull();
    }
    wake?.();
  };
  const close = (): void => {
    if (closed) return;
    if (partial.length > 0) flushPartial();
    closed = true;
    wake?.();
  };
  async function* read(): AsyncGenerator<string> {
    for (;;) {
      const line = ready[taken];
      if (line !== undefined) {
        taken += 1;
        waitingBytes -= line.length + LINE_COST_BYTES;
        yield line.toString("utf8");
      } else if (closed) return;
      else {
        ready = [];
        taken = 0;
        if (full) {
          full = false;
          options.onDrained();
        }
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    }
  }
  return { push, close, lines: read() };
}
