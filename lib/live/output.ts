import { fstatSync, openSync, write } from "node:fs";
import { Socket } from "node:net";

/**
 * Where a live stream goes. `write` never waits: what the reader has not taken yet waits in memory, and whoever writes looks
 * at how much that is.
 */
export interface LiveOutput {
  readonly waitingBytes: number;
  /** Nobody takes anything any more. */
  readonly isClosed: boolean;
  write(bytes: Uint8Array): void;
  /** Waits until all is taken, or the time is over; gives back how many bytes were not. */
  end(timeoutMs: number): Promise<number>;
}

/** `onClosed` is told once, where the reader went away. */
export function openLiveOutput(fd: number, onClosed: () => void): LiveOutput {
  const stat = fstatSync(fd);
  // Node writes to a pipe of its own stdout and waits meanwhile: a reader that pauses would hold up the captures.
  const push = stat.isFIFO() || stat.isSocket() ? writerOfPipe(fd) : writerOfFile(fd);
  return new QueuedOutput(push, onClosed);
}

interface Pushed {
  /** Calls back once when all of it was taken, or could not be. */
  write(bytes: Buffer, done: (error: Error | null) => void): void;
  close(): void;
}

function writerOfPipe(fd: number): Pushed {
  const socket = new Socket({ fd: reopen(fd), readable: false, writable: true });
  // Each write says so itself.
  socket.on("error", () => undefined);
  return {
    write: (bytes, done) => void socket.write(bytes, (error) => done(error ?? null)),
    close: () => socket.destroy(),
  };
}

/** The same pipe by a descriptor of its own: who else has this one is to wait, or not to wait, as before. */
function reopen(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, "w");
  } catch {
    // A socket, or no Linux.
    return fd;
  }
}

function writerOfFile(fd: number): Pushed {
  const writeAll = (bytes: Buffer, done: (error: Error | null) => void): void => {
    write(fd, bytes, (error, written) => {
      if (error !== null || written === bytes.length) done(error);
      else writeAll(bytes.subarray(written), done);
    });
  };
  return { write: writeAll, close: () => undefined };
}

/** Small writes go together. */
const AT_ONCE_BYTES = 256 * 1024;

class QueuedOutput implements LiveOutput {
  waitingBytes = 0;
  isClosed = false;
  #queue: Uint8Array[] = [];
  #isWriting = false;
  #onIdle: () => void = () => undefined;

  constructor(
    readonly pushed: Pushed,
    readonly onClosed: () => void,
  ) {}

  write(bytes: Uint8Array): void {
    if (this.isClosed || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.waitingBytes += bytes.length;
    if (!this.#isWriting) this.#next();
  }

  async end(timeoutMs: number): Promise<number> {
    if (this.#isWriting) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const left = this.waitingBytes;
    this.isClosed = true;
    this.pushed.close();
    return left;
  }

  #next(): void {
    let size = 0;
    let count = 0;
    for (; count < this.#queue.length && size < AT_ONCE_BYTES; count++) size += this.#queue[count]!.length;
    const batch = Buffer.concat(this.#queue.slice(0, count));
    this.#queue = this.#queue.slice(count);
    this.#isWriting = true;
    this.pushed.write(batch, (error) => {
      this.#isWriting = false;
      this.waitingBytes -= batch.length;
      if (error !== null) this.#giveUp();
      else if (this.#queue.length > 0) this.#next();
      else this.#onIdle();
    });
  }

  #giveUp(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.onClosed();
    }
    this.#queue = [];
    this.waitingBytes = 0;
    this.#onIdle();
  }
}
