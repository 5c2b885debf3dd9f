import { createReadStream, ftruncateSync, writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { constants, createGunzip } from "node:zlib";
import { messageOf } from "../errors.js";
import { decompressorOf } from "./compression.js";
import { CELL, ENDED, type UnpackJob } from "./unpack.js";

/** Unpacks one file into another, and says how far it is, for a thread that waits: unpack.ts. */
const job = workerData as UnpackJob;
const cells = new Int32Array(job.cells);

try {
  await unpackAll();
  finish(ENDED.whole, "");
} catch (error) {
  finish(ENDED.damaged, messageOf(error));
}

/** The end of a file that is cut is given out only where it is not asked to be whole. */
async function unpackAll(): Promise<void> {
  try {
    await unpack(decompressorOf(job.kind, job)());
  } catch (error) {
    if (!isCut(error)) throw error;
    ftruncateSync(job.unpacked, 0);
    await unpack(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }));
    throw error;
  }
}

async function unpack(unpacked: NodeJS.ReadWriteStream): Promise<void> {
  const packed = createReadStream("", { fd: job.packed, start: 0, autoClose: false });
  packed.on("error", (error) => unpacked.emit("error", error));
  packed.pipe(unpacked);
  let end = 0;
  for await (const chunk of unpacked as AsyncIterable<Uint8Array>) {
    const start = end;
    end += chunk.length;
    if (end > job.mostBytes) throw new Error(`it unpacks to more than ${job.mostBytes} bytes`);
    for (let at = start; at < end;) at += writeSync(job.unpacked, chunk, at - start, end - at, at);
    tell(CELL.progress);
  }
}

function isCut(error: unknown): boolean {
  return job.kind === "gzip" && error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR";
}

function finish(how: number, message: string): void {
  const text = new TextEncoder().encode(message);
  const room = new Uint8Array(job.message);
  room.set(text.subarray(0, room.length));
  Atomics.store(cells, CELL.length, Math.min(text.length, room.length));
  Atomics.store(cells, CELL.ended, how);
  tell(CELL.progress);
}

function tell(cell: number): void {
  Atomics.add(cells, cell, 1);
  Atomics.notify(cells, cell);
}
