import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { CommandEntry } from "../model/transcript.js";
import { messageOf, type ErrorCode, type HopbookError } from "../errors.js";
import type { Redactor } from "./redact.js";

/** transcript.jsonl: one JSON object a line, in the order things happened. Times are RFC 3339, UTC. */
export type TranscriptEntry = CommandEntry | PermissionEntry | EventEntry | ErrorEntry;

/** A decision about what a step may do. */
interface PermissionEntry {
  readonly type: "permission";
  readonly at: string;
  readonly decision: "granted" | "denied";
  /** `node`, `exec`, `capture`, … */
  readonly scope: string;
  readonly node: string | null;
  readonly subject: string;
  /** What decided: a flag, a profile, the person at the terminal. */
  readonly by: string;
}

/** Anything else that a reader of the run wants to see: a stage began, a capture is listening. */
interface EventEntry {
  readonly type: "event";
  readonly at: string;
  readonly name: string;
  readonly node?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface ErrorEntry {
  readonly type: "error";
  readonly at: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly node?: string;
  readonly argv?: readonly string[];
  readonly hint?: string;
  readonly detail?: string;
}

/** Lines that a full disk refused wait in memory for the next try, up to this. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/** The transcript's line for an error. */
export function describeError(error: HopbookError, at: Date): ErrorEntry {
  return {
    type: "error",
    at: at.toISOString(),
    code: error.code,
    message: error.message,
    ...(error.where?.node === undefined ? {} : { node: error.where.node }),
    ...(error.where?.argv === undefined ? {} : { argv: error.where.argv }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.detail === undefined ? {} : { detail: error.detail }),
  };
}

export interface TranscriptWriter {
  /**
   * Writes the line before it returns, so that it outlives a crash of this process. Never throws: it is
   * called while a run cleans up, which a full disk must not stop. What could not be written is kept and
   * tried again.
   */
  append(entry: TranscriptEntry): void;
  /** Tries what is pending; the reason where something is still not on disk. */
  flush(): string | undefined;
}

/** `assertPlace` throws where the file's folder is not the one that is meant. */
export function createTranscriptWriter(
  file: string,
  redactor: Redactor,
  assertPlace: () => void,
): TranscriptWriter {
  let pending: Buffer = Buffer.alloc(0);
  let lostLines = 0;

  const flush = (): string | undefined => {
    try {
      assertPlace();
      pending = writePending(file, pending);
    } catch (error) {
      return messageOf(error);
    }
    return lostLines === 0 ? undefined : `${lostLines} lines did not fit in memory while the disk was full`;
  };

  return {
    append(entry) {
      const line = Buffer.from(`${JSON.stringify(redactor.redactJson(entry))}\n`, "utf8");
      if (pending.length + line.length > MAX_PENDING_BYTES) lostLines += 1;
      else pending = Buffer.concat([pending, line]);
      flush();
    },
    flush,
  };
}

/** Returns what is left: a disk that fills up takes the first part of a line. */
function writePending(file: string, pending: Buffer): Buffer {
  if (pending.length === 0) return pending;
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const fd = openSync(file, flags, 0o600);
  try {
    let written = 0;
    while (written < pending.length) {
      try {
        written += writeSync(fd, pending, written);
      } catch (error) {
        if (written === 0) throw error;
        return pending.subarray(written);
      }
    }
  } finally {
    closeSync(fd);
  }
  return Buffer.alloc(0);
}
