import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { HopbookError } from "../errors.js";
import { FILE_HEADER_BYTES, readPcapHeader, RECORD_HEADER_BYTES, type PcapHeader } from "./pcap-header.js";

const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads a pcap file front to back in flat memory. It is a cursor: `next()` moves to the next record, and
 * the fields describe that record until the next call. `bytes` is a view of the reader's own buffer, so
 * whatever outlives the next call has to be copied.
 */
export class PcapReader {
  readonly file: string;
  readonly header: PcapHeader;
  /** The buffer in which the record's bytes stand from `at` to `at + capturedBytes`. */
  bytes: Uint8Array;
  at = 0;
  capturedBytes = 0;
  /** Length on the wire, link header included. */
  wireBytes = 0;
  /** Microseconds since 1970, an exact integer below the nanosecond format's fraction. */
  timeUs = 0;
  /** 1-based, as Wireshark counts. */
  frame = 0;
  /** Where the record's header stands in the file. */
  recordOffset = 0;
  /** The file ends within a record; `truncatedBytes` of it were left. */
  truncated = false;
  truncatedBytes = 0;

  private fd: number;
  private cursor = 0;
  private filled = 0;
  /** File offset of `bytes[0]`. */
  private bufferOffset = 0;
  private ended = false;
  private readonly littleEndian: boolean;
  private readonly subsecondDivisor: number;

  constructor(path: string, label = path) {
    this.file = label;
    this.fd = openCapture(path, label);
    this.bytes = new Uint8Array(CHUNK_BYTES);
    try {
      this.fill(FILE_HEADER_BYTES);
      this.header = readPcapHeader(this.bytes.subarray(0, Math.min(this.filled, FILE_HEADER_BYTES)), label);
    } catch (error) {
      this.close();
      throw error;
    }
    this.littleEndian = this.header.littleEndian;
    this.subsecondDivisor = this.header.nanoseconds ? 1000 : 1;
    this.cursor = FILE_HEADER_BYTES;
  }

  /** Moves to the next record; false at the end. Throws EVIDENCE_INVALID where a record's length is absurd. */
  next(): boolean {
    if (this.ended) return false;
    if (this.filled - this.cursor < RECORD_HEADER_BYTES && !this.refill(RECORD_HEADER_BYTES)) return false;
    const header = this.cursor;
    const seconds = this.uint32(header);
    const fraction = this.uint32(header + 4);
    const captured = this.uint32(header + 8);
    if (captured > this.header.longestRecordBytes) throw this.absurdLength(captured);
    const recordBytes = RECORD_HEADER_BYTES + captured;
    if (this.filled - header < recordBytes && !this.refill(recordBytes)) return false;
    // refill() may have moved the record to the front of the buffer.
    const start = this.cursor;
    this.wireBytes = this.uint32(start + 12);
    this.recordOffset = this.bufferOffset + start;
    this.at = start + RECORD_HEADER_BYTES;
    this.capturedBytes = captured;
    this.timeUs = seconds * 1_000_000 + fraction / this.subsecondDivisor;
    this.frame++;
    this.cursor = start + recordBytes;
    return true;
  }

  /** Moves to the record whose header stands at a file offset, as `recordOffset` gave it. */
  seek(recordOffset: number): boolean {
    this.bufferOffset = recordOffset;
    this.cursor = 0;
    this.filled = 0;
    this.ended = false;
    return this.next();
  }

  close(): void {
    this.ended = true;
    if (this.fd < 0) return;
    closeSync(this.fd);
    this.fd = -1;
  }

  private uint32(at: number): number {
    const bytes = this.bytes;
    const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    return (
      (this.littleEndian ? a | (b << 8) | (c << 16) | (d << 24) : (a << 24) | (b << 16) | (c << 8) | d) >>> 0
    );
  }

  /** Makes `wanted` bytes from the cursor on available; at the file's end notes what is left of a record. */
  private refill(wanted: number): boolean {
    const left = this.filled - this.cursor;
    const old = this.bytes;
    if (wanted > old.length) this.bytes = new Uint8Array(wanted + CHUNK_BYTES);
    this.bytes.set(old.subarray(this.cursor, this.filled));
    this.bufferOffset += this.cursor;
    this.cursor = 0;
    this.filled = left;
    this.fill(wanted);
    if (this.filled >= wanted) return true;
    this.ended = true;
    this.truncated = this.filled > 0;
    this.truncatedBytes = this.filled;
    return false;
  }

  private fill(wanted: number): void {
    while (this.filled < wanted) {
      const room = this.bytes.length - this.filled;
      const read = this.readAt(room);
      if (read === 0) return;
      this.filled += read;
    }
  }

  private readAt(room: number): number {
    try {
      return readSync(this.fd, this.bytes, this.filled, room, this.bufferOffset + this.filled);
    } catch (error) {
      throw unreadable(this.file, error);
    }
  }

  private absurdLength(captured: number): HopbookError {
    this.ended = true;
    const offset = this.bufferOffset + this.cursor;
    return new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot read record ${this.frame + 1} of capture ${this.file}: current value is a length of ${captured} bytes at offset ${offset}`,
      {
        where: { file: this.file },
        hint: "The file is damaged from there on; what stands before it was read",
      },
    );
  }
}

function openCapture(path: string, label: string): number {
  let fd: number | undefined;
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for; and a device never ends.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = fstatSync(fd);
    if (!info.isFile() && !info.isDirectory()) throw new Error("no regular file");
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw unreadable(label, error);
  }
}

function unreadable(label: string, error: unknown): HopbookError {
  const message = `Cannot read capture ${label}: current value is ${String(error)}`;
  return new HopbookError("FILE_UNREADABLE", message, { where: { file: label }, cause: error });
}
