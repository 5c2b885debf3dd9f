import { damaged } from "./invalid.js";
import { FILE_HEADER_BYTES, readPcapHeader, RECORD_HEADER_BYTES, type PcapHeader } from "./pcap-header.js";
import type { CaptureReader, ExactTime } from "./reader.js";
import type { FileWindow } from "./window.js";

/** Reads a pcap file (draft-ietf-opsawg-pcap). Throws EVIDENCE_INVALID where its header is none. */
export class PcapReader implements CaptureReader {
  bytes: Uint8Array;
  at = 0;
  capturedBytes = 0;
  wireBytes = 0;
  timeUs = 0;
  frame = 0;
  recordOffset = 0;
  truncated = false;
  truncatedBytes = 0;
  readonly linktype: number;
  readonly snaplenBytes: number;
  readonly interface = null;
  readonly interfaceIndex = -1;

  private readonly header: PcapHeader;
  private readonly recordHeaderBytes: number;
  private readonly littleEndian: boolean;
  private readonly subsecondDivisor: number;
  private view: DataView;
  private ended = false;

  constructor(
    private readonly window: FileWindow,
    readonly file: string,
  ) {
    window.need(FILE_HEADER_BYTES);
    this.header = readPcapHeader(window.bytes.subarray(0, Math.min(window.filled, FILE_HEADER_BYTES)), file);
    this.bytes = window.bytes;
    this.view = window.view;
    this.linktype = this.header.linktype;
    this.snaplenBytes = this.header.snaplenBytes;
    this.recordHeaderBytes = RECORD_HEADER_BYTES + this.header.extraRecordBytes;
    this.littleEndian = this.header.littleEndian;
    this.subsecondDivisor = this.header.nanoseconds ? 1000 : 1;
    window.cursor = FILE_HEADER_BYTES;
  }

  next(): boolean {
    if (this.ended) return false;
    const { window, recordHeaderBytes } = this;
    if (window.filled - window.cursor < recordHeaderBytes && !this.refill(recordHeaderBytes)) return false;
    const captured = this.uint32(window.cursor + 8);
    if (captured > this.header.longestRecordBytes) {
      this.ended = true;
      const at = window.offset + window.cursor;
      throw damaged(this.file, this.frame + 1, `a length of ${captured} bytes at offset ${at}`);
    }
    // In 32 bits, so that no offset within a record ever becomes a floating-point number.
    const recordBytes = (recordHeaderBytes + captured) | 0;
    if (window.filled - window.cursor < recordBytes && !this.refill(recordBytes)) return false;
    const start = window.cursor | 0;
    this.wireBytes = this.uint32(start + 12);
    this.recordOffset = window.offset + start;
    this.at = (start + recordHeaderBytes) | 0;
    this.capturedBytes = captured | 0;
    this.timeUs = this.uint32(start) * 1_000_000 + this.uint32(start + 4) / this.subsecondDivisor;
    this.frame++;
    window.cursor = (start + recordBytes) | 0;
    return true;
  }

  seek(recordOffset: number): boolean {
    this.window.seek(recordOffset);
    this.ended = false;
    return this.next();
  }

  time(): ExactTime {
    const header = this.at - this.recordHeaderBytes;
    const fraction = this.uint32(header + 4) * (this.header.nanoseconds ? 1 : 1000);
    return { seconds: this.uint32(header) + Math.floor(fraction / 1e9), nanoseconds: fraction % 1e9 };
  }

  direction(): null {
    return null;
  }

  close(): void {
    this.ended = true;
    this.window.close();
  }

  private uint32(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }

  /** At the file's end notes what is left of a record. */
  private refill(wanted: number): boolean {
    const { window } = this;
    const isWhole = window.need(wanted);
    this.bytes = window.bytes;
    this.view = window.view;
    if (isWhole) return true;
    this.ended = true;
    this.truncated = window.filled > 0;
    this.truncatedBytes = window.filled;
    return false;
  }
}
