import type { Writable } from "node:stream";

/** The API server ends a connection at a message of more than 32 MiB, and older ones sooner. */
const PIECE_BYTES = 256 * 1024;
/** What may wait in the socket: a ping has to come through between. */
const AHEAD_BYTES = 1024 * 1024;
const RETRY_MS = 5;

interface Feed {
  write(chunk: string | Uint8Array): void;
  end(): void;
  /** Drops what waits. */
  stop(): void;
}

/** Gives a command its stdin in pieces, as fast as the socket takes them. */
export function createFeed(
  stdin: Writable,
  { bufferedBytes, onProgress }: { readonly bufferedBytes: () => number; readonly onProgress: () => void },
): Feed {
  let waiting: Buffer[] = [];
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let lastBytes = 0;
  const pump = (): void => {
    timer = undefined;
    const bytes = bufferedBytes();
    if (bytes < lastBytes) onProgress();
    lastBytes = bytes;
    let room = AHEAD_BYTES - bytes;
    while (room > 0 && stdin.writable) {
      const [first] = waiting;
      if (first === undefined) break;
      const piece = first.subarray(0, PIECE_BYTES);
      if (piece.length === first.length) waiting.shift();
      else waiting[0] = first.subarray(piece.length);
      stdin.write(piece);
      room -= piece.length;
    }
    if (!stdin.writable) waiting = [];
    if (waiting.length > 0) timer = setTimeout(pump, RETRY_MS);
    else if (ended) stdin.end();
  };
  return {
    write: (chunk) => {
      if (ended || chunk.length === 0) return;
      waiting.push(Buffer.from(chunk as Uint8Array));
      if (timer === undefined) pump();
    },
    end: () => {
      ended = true;
      if (timer === undefined) pump();
    },
    stop: () => {
      waiting = [];
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
