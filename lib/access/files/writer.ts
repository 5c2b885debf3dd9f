import { writev } from "node:fs";
import { promisify } from "node:util";
import { asHopbookError } from "../../errors.js";

const writeAll = promisify(writev);
/** So much may wait for the disk before no more is read; two of these are what a pull costs in memory. */
const FULL_BYTES = 8 * 1024 * 1024;
const DRAINED_BYTES = 2 * 1024 * 1024;
/** The kernel takes at most 1024 at a time. */
const MAX_CHUNKS = 256;

interface FileWriterOptions {
  readonly onFull: () => void;
  readonly onDrained: () => void;
  /** Once; nothing is written after it. */
  readonly onError: (error: Error) => void;
}

interface FileWriter {
  push(chunk: Buffer): void;
  /** Resolves when all that was pushed is written, or writing has failed. */
  finish(): Promise<void>;
}

/** Writes chunks to an open file in their order, many at a time, while the next are read. The file stays open. */
export function createFileWriter(fd: number, options: FileWriterOptions): FileWriter {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let full = false;
  let failed = false;
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    while (waiting.length > 0 && !failed) {
      const batch = waiting.slice(0, MAX_CHUNKS);
      waiting = waiting.slice(MAX_CHUNKS);
      try {
        await writeBatch(fd, batch);
      } catch (error) {
        failed = true;
        waiting = [];
        options.onError(asHopbookError(error));
      }
      bytes -= batch.reduce((sum, chunk) => sum + chunk.length, 0);
      if (full && bytes < DRAINED_BYTES) {
        full = false;
        options.onDrained();
      }
    }
    running = null;
  };
  return {
    push: (chunk) => {
      if (failed) return;
      waiting.push(chunk);
      bytes += chunk.length;
      if (!full && bytes > FULL_BYTES) {
        full = true;
        options.onFull();
      }
      running ??= run();
    },
    finish: async () => {
      while (running !== null) await running;
    },
  };
}

/** A write may take less than it was given, on a disk that is nearly full say. */
async function writeBatch(fd: number, batch: readonly Buffer[]): Promise<void> {
  let rest = batch;
  while (rest.length > 0) {
    let { bytesWritten: taken } = await writeAll(fd, rest);
    const left: Buffer[] = [];
    for (const chunk of rest) {
      if (taken >= chunk.length) taken -= chunk.length;
      else {
        left.push(chunk.subarray(taken));
        taken = 0;
      }
    }
    rest = left;
  }
}
