import { damaged, notACapture } from "./invalid.js";
import { readDirection, readInterface, type PcapngInterface } from "./pcapng-options.js";
import type { CaptureReader, ExactTime, PacketDirection } from "./reader.js";
import type { FileWindow } from "./window.js";

/** Block types (draft-ietf-opsawg-pcapng, section 10.1). All others are passed over: names, statistics, secrets. */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, obsoletePacket: 2, simplePacket: 3, packet: 6 } as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, and the length again at its end. */
const FRAMING_BYTES = 12;
const LONGEST_BLOCK_BYTES = 64 * 1024 * 1024;
const MOST_INTERFACES = 65_536;
/** So much of a block is looked at for what describes an interface. */
const LONGEST_DESCRIPTION_BYTES = 64 * 1024;

/** From a Section Header Block to the next one. */
interface Section {
  readonly offset: number;
  readonly littleEndian: boolean;
  readonly interfaces: PcapngInterface[];
  /** How many there were in the sections before. */
  readonly firstInterface: number;
}

/** Reads a pcapng file with any number of sections and interfaces, of either byte order. */
export class PcapngReader implements CaptureReader {
  bytes: Uint8Array;
  at = 0;
  capturedBytes = 0;
  wireBytes = 0;
  timeUs = 0;
  frame = 0;
  linktype = -1;
  readonly snaplenBytes: number;
  interface: string | null = null;
  interfaceIndex = -1;
  recordOffset = 0;
  truncated = false;
  truncatedBytes = 0;

  private view: DataView;
  private section: Section;
  private readonly sections: Section[] = [];
  private device: PcapngInterface | null = null;
  /** Of the record, in `bytes`. */
  private optionsAt = 0;
  private optionsEnd = 0;
  private words: readonly [high: number, low: number] = [0, 0];
  private ended = false;
  /** Whether the last block was a packet. */
  private isPacket = false;
  /** Up to this file offset all sections and interfaces are known. */
  private knownTo = 0;

  /** Throws EVIDENCE_INVALID where the file has no whole section header. */
  constructor(
    private readonly window: FileWindow,
    readonly file: string,
  ) {
    const isWhole = window.need(28);
    this.bytes = window.bytes;
    this.view = window.view;
    if (!isWhole) throw notACapture(file, `${window.filled} bytes, less than a section header`);
    this.section = this.openSection();
    this.snaplenBytes = this.readSnaplen();
  }

  next(): boolean {
    while (this.readBlock(0)) if (this.isPacket) return true;
    return false;
  }

  seek(recordOffset: number): boolean {
    const { window } = this;
    this.ended = false;
    // What describes a packet's interface stands anywhere before it.
    if (recordOffset > this.knownTo) {
      window.seek(this.knownTo);
      this.section = this.sections.at(-1)!;
      while (window.offset + window.cursor < recordOffset) if (!this.readBlock(recordOffset)) return false;
    }
    window.seek(recordOffset);
    this.section = this.sections.findLast(({ offset }) => offset <= recordOffset)!;
    return this.next();
  }

  /** Goes on by a block; packets before `from`, a file offset, are passed over. False at the end. */
  private readBlock(from: number): boolean {
    const { window } = this;
    this.isPacket = false;
    if (this.ended || !this.need(FRAMING_BYTES)) return false;
    const at = window.offset + window.cursor;
    const type = this.uint32(window.cursor);
    if (type === BLOCK.section) this.section = this.openSection();
    const length = this.lengthAt(window.cursor);
    const isPacket = type === BLOCK.packet || type === BLOCK.obsoletePacket || type === BLOCK.simplePacket;
    // Of what is passed over nothing has to be held.
    const isRead = type === BLOCK.interface || (isPacket && at >= from);
    if (!(isRead ? this.need(length) : this.skip(length))) return false;
    if (isRead) {
      const start = window.cursor;
      window.cursor += length;
      if (isPacket) this.takePacket(type, start, length);
      else this.describe(start, length);
      this.isPacket = isPacket;
    }
    this.knownTo = Math.max(this.knownTo, at + length);
    return true;
  }

  time(): ExactTime {
    const { device, words } = this;
    if (device === null) return { seconds: 0, nanoseconds: 0 };
    const { seconds, nanoseconds } = device.resolution.toExact(...words);
    return { seconds: seconds + device.offsetSeconds, nanoseconds };
  }

  direction(): PacketDirection | null {
    const { view, optionsAt, optionsEnd, section } = this;
    return readDirection(view, { at: optionsAt, end: optionsEnd, littleEndian: section.littleEndian });
  }

  close(): void {
    this.ended = true;
    this.window.close();
  }

  /** The section header at the cursor. Its interfaces count from 0 anew. */
  private openSection(): Section {
    const { window } = this;
    if (!this.need(28)) throw this.damage("less than a section header");
    const offset = window.offset + window.cursor;
    const littleEndian = this.view.getUint32(window.cursor + 8, true) === BYTE_ORDER_MAGIC;
    if (!littleEndian && this.view.getUint32(window.cursor + 8, false) !== BYTE_ORDER_MAGIC) {
      throw this.damage("a section without a byte order");
    }
    const major = this.view.getUint16(window.cursor + 12, littleEndian);
    if (major !== 1) throw this.damage(`pcapng version ${major}`);
    const known = this.sections.find((section) => section.offset === offset);
    if (known !== undefined) return known;
    const firstInterface = this.sections.reduce((sum, { interfaces }) => sum + interfaces.length, 0);
    const section: Section = { offset, littleEndian, interfaces: [], firstInterface };
    this.sections.push(section);
    return section;
  }

  /** The least limit of all interfaces, also of those that are described behind packets; 0 where none has one. */
  private readSnaplen(): number {
    const { window } = this;
    try {
      while (this.readBlock(Infinity));
    } catch {
      // It is met again where the file is read.
    }
    window.seek(0);
    this.ended = this.isPacket = this.truncated = false;
    this.frame = this.truncatedBytes = 0;
    const limits = this.sections.flatMap(({ interfaces }) => interfaces.map((device) => device.snaplenBytes));
    const given = limits.filter((limit) => limit > 0);
    return given.length === 0 ? 0 : given.reduce((least, limit) => Math.min(least, limit));
  }

  private describe(start: number, length: number): void {
    const { section } = this;
    const offset = this.window.offset + start;
    if (length < FRAMING_BYTES + 8) throw this.damage("an interface without a description");
    if (offset <= (section.interfaces.at(-1)?.offset ?? -1)) return;
    if (section.interfaces.length >= MOST_INTERFACES) throw this.damage(`over ${MOST_INTERFACES} interfaces`);
    const bodyBytes = Math.min(length - FRAMING_BYTES, LONGEST_DESCRIPTION_BYTES);
    const body = new DataView(this.bytes.buffer, this.bytes.byteOffset + start + 8, bodyBytes);
    section.interfaces.push(readInterface(body, { littleEndian: section.littleEndian, offset }));
  }

  private takePacket(type: number, start: number, length: number): void {
    const isSimple = type === BLOCK.simplePacket;
    const headerBytes = isSimple ? 4 : 20;
    const room = length - FRAMING_BYTES - headerBytes;
    const body = start + 8;
    const index = isSimple ? 0 : type === BLOCK.packet ? this.uint32(body) : this.uint16(body);
    const device = this.section.interfaces[index];
    if (device === undefined || room < 0) throw this.damage("a packet of no interface");
    const wireBytes = this.uint32(isSimple ? body : body + 16);
    const limit = device.snaplenBytes === 0 ? wireBytes : Math.min(wireBytes, device.snaplenBytes);
    const captured = isSimple ? Math.min(limit, room) : this.uint32(body + 12);
    if (captured > room) throw this.damage(`a length of ${captured} bytes in a block of ${length}`);
    this.device = device;
    this.linktype = device.linktype;
    this.interface = device.name;
    this.interfaceIndex = this.section.firstInterface + index;
    this.optionsAt = body + headerBytes + ((captured + 3) & ~3);
    this.optionsEnd = type === BLOCK.packet ? start + length - 4 : this.optionsAt;
    this.at = body + headerBytes;
    this.capturedBytes = captured;
    this.wireBytes = wireBytes;
    this.recordOffset = this.window.offset + start;
    // A simple packet has no time; it stays where the one before it was.
    if (!isSimple) {
      const [high, low] = [this.uint32(body + 4), this.uint32(body + 8)];
      this.words = [high, low];
      this.timeUs = device.resolution.toMicroseconds(high, low) + device.offsetSeconds * 1e6;
    }
    this.frame++;
  }

  private lengthAt(at: number): number {
    const length = this.uint32(at + 4);
    if (length < FRAMING_BYTES || length % 4 !== 0 || length > LONGEST_BLOCK_BYTES) {
      throw this.damage(`a block of ${length} bytes at offset ${this.window.offset + at}`);
    }
    return length;
  }

  private damage(value: string): Error {
    this.ended = true;
    return damaged(this.file, this.frame + 1, value);
  }

  /** At the file's end notes what is left of a block. */
  private need(wanted: number): boolean {
    const { window } = this;
    const isWhole = window.need(wanted);
    if (this.bytes !== window.bytes) {
      this.bytes = window.bytes;
      this.view = window.view;
    }
    if (isWhole) return true;
    this.ended = true;
    this.truncatedBytes = window.filled - window.cursor;
    this.truncated = this.truncatedBytes > 0;
    return false;
  }

  private skip(length: number): boolean {
    const { window } = this;
    if (window.filled - window.cursor >= length) {
      window.cursor += length;
      return true;
    }
    // Its last byte has to be there.
    const end = window.offset + window.cursor + length;
    window.seek(end - 1);
    if (!this.need(1)) return false;
    window.cursor = 1;
    return true;
  }

  private uint32(at: number): number {
    return this.view.getUint32(at, this.section.littleEndian);
  }

  private uint16(at: number): number {
    return this.view.getUint16(at, this.section.littleEndian);
  }
}
