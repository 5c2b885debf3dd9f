import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";
import { compressionOf } from "./compression.js";
import { notACapture } from "./invalid.js";
import { borrowUnpacked } from "./unpacked-files.js";

/** As large as stays in a processor's cache with those of other files. */
const CHUNK_BYTES = 128 * 1024;
/** After a jump few of the bytes behind it may be wanted: the first read is so large, and each one four times more. */
const FIRST_BYTES = 2048;

/** The part of a file that a reader looks at; it moves forwards in large steps. */
export class FileWindow {
  bytes: Uint8Array = new Uint8Array(CHUNK_BYTES);
  /** Of `bytes`. */
  view = new DataView(this.bytes.buffer);
  /** Where the reader stands in `bytes`, and how much of them is filled. */
  cursor = 0;
  filled = 0;
  /** File offset of `bytes[0]`. */
  offset = 0;

  private fd: number;
  private stepBytes = CHUNK_BYTES;
  /** What is packed is read from a copy; null where it is not. */
  private readonly copy: ReturnType<typeof borrowUnpacked> | null;

  /** Throws FILE_UNREADABLE, also of pipes and devices, which could be waited for or never end. */
  constructor(
    path: string,
    private readonly label: string,
  ) {
    this.fd = openFile(path, label);
    try {
      this.copy = this.unpack();
    } catch (error) {
      closeSync(this.fd);
      throw error instanceof HopbookError ? error : unreadable(label, error);
    }
  }

  /** Makes `wanted` bytes from the cursor on available, or as many as the file has: then false. */
  need(wanted: number): boolean {
    if (this.filled - this.cursor >= wanted) return true;
    const left = this.filled - this.cursor;
    const old = this.bytes;
    if (wanted > old.length) {
      this.bytes = new Uint8Array(wanted + CHUNK_BYTES);
      this.view = new DataView(this.bytes.buffer);
    }
    this.bytes.set(old.subarray(this.cursor, this.filled));
    this.offset += this.cursor;
    this.cursor = 0;
    this.filled = left;
    while (this.filled < wanted) {
      const read = this.read(Math.min(this.bytes.length - this.filled, Math.max(this.stepBytes, wanted)));
      if (read === 0) return false;
      this.filled += read;
      this.stepBytes = Math.min(this.stepBytes * 4, CHUNK_BYTES);
    }
    return true;
  }

  seek(offset: number): void {
    if (offset >= this.offset && offset < this.offset + this.filled) {
      this.cursor = (offset - this.offset) | 0;
      return;
    }
    this.offset = offset;
    this.cursor = 0;
    this.filled = 0;
    this.stepBytes = FIRST_BYTES;
  }

  close(): void {
    if (this.fd < 0) return;
    closeSync(this.fd);
    this.copy?.release();
    this.fd = -1;
    this.filled = this.cursor = 0;
  }

  private unpack(): FileWindow["copy"] {
    const kind = compressionOf(this.fd);
    return kind === null ? null : borrowUnpacked(this.fd, { kind, file: this.label });
  }

  private read(room: number): number {
    if (this.fd < 0) return 0;
    const { copy } = this;
    try {
      const read = readSync(copy?.fd ?? this.fd, this.bytes, this.filled, room, this.offset + this.filled);
      if (read > 0 || copy === null || copy.damage === null) return read;
    } catch (error) {
      throw unreadable(this.label, error, CAPTURE);
    }
    throw notACapture(this.label, copy.damage, "What stands before it was read");
  }
}

function openFile(path: string, label: string): number {
  let fd: number | undefined;
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for; and a device never ends.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = fstatSync(fd);
    if (!info.isFile() && !info.isDirectory()) throw new Error("it is not a regular file");
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw unreadable(label, error, CAPTURE);
  }
}

const CAPTURE = { what: "capture" };
