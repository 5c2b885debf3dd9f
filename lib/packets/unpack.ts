import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { HopbookError } from "../errors.js";
import { decompressorOf, type Compression } from "./compression.js";

/** What the thread that unpacks is given. */
export interface UnpackJob {
  readonly kind: Compression;
  /** The name of what is packed, in messages. */
  readonly file: string;
  /** Open files, to be read from and written to. */
  readonly packed: number;
  readonly unpacked: number;
  readonly mostBytes: number;
  readonly cells: SharedArrayBuffer;
  readonly message: SharedArrayBuffer;
}

/** Numbers that both threads see. */
export const CELL = { progress: 0, ended: 1, length: 2 } as const;
export const ENDED = { not: 0, whole: 1, damaged: 2 } as const;

/** A packed file's content, in a file that has no name any more. */
export interface Unpacked {
  readonly fd: number;
  /** Why it ends before its end; null where it is whole. */
  readonly damage: string | null;
}

const MESSAGE_BYTES = 512;
/** Captures shrink to a tenth; what shrinks to less than this share was made to fill a disk. */
const MOST_TIMES = 200;
const ALWAYS_ALLOWED_BYTES = 64 * 1024 * 1024;
const LEAST_FREE_BYTES = 256 * 1024 * 1024;
const STALLED_MS = 20_000;

/**
 * Unpacks an open file into the folder for temporary files, by a thread, since only streams keep memory flat, and waits
 * for it. Throws EVIDENCE_INVALID where this Node cannot, FILE_UNREADABLE where nothing could be written, or nothing was for
 * `stalledMs`.
 */
export function unpack(
  packed: number,
  {
    kind,
    file,
    stalledMs = STALLED_MS,
  }: { readonly kind: Compression; readonly file: string; readonly stalledMs?: number },
): Unpacked {
  decompressorOf(kind, { file });
  const fd = openNameless();
  const cells = new Int32Array(new SharedArrayBuffer(12));
  const message = new Uint8Array(new SharedArrayBuffer(MESSAGE_BYTES));
  const job: UnpackJob = {
    ...{ kind, file, packed, unpacked: fd, mostBytes: mostBytesOf(packed) },
    ...{ cells: cells.buffer, message: message.buffer },
  };
  const worker = new Worker(new URL(import.meta.resolve("./unpack-worker.js")), {
    workerData: job,
    execArgv: [],
  });
  worker.on("error", () => undefined);
  worker.unref();
  const isOver = waitForEnd(cells, stalledMs);
  const gone = worker.terminate();
  if (!isOver) {
    // Until the thread is gone it may write: a number that is free would be another file's by then.
    void gone.finally(() => closeSync(fd));
    throw new HopbookError(
      "FILE_UNREADABLE",
      `Cannot read capture ${file}: nothing was unpacked for ${stalledMs / 1000} s`,
      { where: { file }, hint: "Unpack it first" },
    );
  }
  if (Atomics.load(cells, CELL.ended) === ENDED.whole) return { fd, damage: null };
  const text = new TextDecoder().decode(
    Uint8Array.from(message).subarray(0, Atomics.load(cells, CELL.length)),
  );
  return { fd, damage: `its ${kind} data end before their end: ${text}` };
}

/** Whether it has ended; false where nothing went on for so long. */
function waitForEnd(cells: Int32Array, stalledMs: number): boolean {
  for (;;) {
    const seen = Atomics.load(cells, CELL.progress);
    if (Atomics.load(cells, CELL.ended) !== ENDED.not) return true;
    if (Atomics.wait(cells, CELL.progress, seen, stalledMs) === "timed-out") return false;
  }
}

/** Its name is taken away at once, so that nothing is left behind however the process ends. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "hopbook-unpack-"));
  try {
    return openSync(join(folder, "capture"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mostBytesOf(packed: number): number {
  const { bavail, bsize } = statfsSync(tmpdir());
  const allowed = Math.max(ALWAYS_ALLOWED_BYTES, fstatSync(packed).size * MOST_TIMES);
  return Math.max(0, Math.min(allowed, bavail * bsize - LEAST_FREE_BYTES));
}
