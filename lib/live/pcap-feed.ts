import {
  readPcapHeader,
  FILE_HEADER_BYTES,
  RECORD_HEADER_BYTES,
  type PcapHeader,
} from "../packets/pcap-header.js";

/** A record as its capture file has it. `bytes` are the feed's own until the next call: who keeps them copies them. */
interface FedPacket {
  readonly timeUs: number;
  readonly wireBytes: number;
  readonly bytes: Uint8Array;
}

/** After a gap so many records in a row have to make sense. */
const CHAIN = 12;
/** Clocks are set back and forth; a record further away than this is none. */
const MOST_APART_US = 3600 * 1e6;

/**
 * Reads a pcap file as it grows: bytes in as they come, whole records out. After `skip` it finds the next record by what
 * follows it. Throws EVIDENCE_INVALID where the bytes are no capture.
 */
export class PcapFeed {
  /** What the file says of itself; null until it was there. */
  header: PcapHeader | null = null;
  /** Of records that were given out. */
  lastUs: number | null = null;
  #waiting: Buffer = Buffer.alloc(0);
  #isLost = false;

  constructor(readonly name: string) {}

  /** What comes next is not what follows: some of the file was left out. */
  skip(): void {
    this.#waiting = Buffer.alloc(0);
    this.#isLost = true;
  }

  /** The records that are whole by now. */
  push(chunk: Uint8Array): FedPacket[] {
    this.#waiting = this.#waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#waiting, chunk]);
    if (this.header === null) {
      if (this.#waiting.length < FILE_HEADER_BYTES) return [];
      this.header = readPcapHeader(this.#waiting.subarray(0, FILE_HEADER_BYTES), this.name);
      this.#waiting = this.#waiting.subarray(FILE_HEADER_BYTES);
    }
    if (this.#isLost && !this.#find(this.header)) return [];
    return this.#take(this.header);
  }

  #take(header: PcapHeader): FedPacket[] {
    const packets: FedPacket[] = [];
    const headerBytes = RECORD_HEADER_BYTES + header.extraRecordBytes;
    let at = 0;
    while (this.#waiting.length - at >= headerBytes) {
      const record = this.#recordAt(at, header);
      if (record.capturedBytes > header.longestRecordBytes) {
        this.skip();
        return packets;
      }
      const end = at + headerBytes + record.capturedBytes;
      if (end > this.#waiting.length) break;
      const { timeUs, wireBytes } = record;
      packets.push({ timeUs, wireBytes, bytes: this.#waiting.subarray(at + headerBytes, end) });
      this.lastUs = timeUs;
      at = end;
    }
    this.#waiting = this.#waiting.subarray(at);
    return packets;
  }

  /** Goes on to where a record begins; false where that is not known yet. */
  #find(header: PcapHeader): boolean {
    const headerBytes = RECORD_HEADER_BYTES + header.extraRecordBytes;
    const mostBytes = CHAIN * (headerBytes + header.longestRecordBytes);
    for (let at = 0; at + headerBytes <= this.#waiting.length; at++) {
      const sense = this.#sense(at, header);
      if (sense === "none") continue;
      // Too little is there to be sure; with more than this something would have been found.
      if (sense === "short" && this.#waiting.length - at < mostBytes) {
        this.#waiting = this.#waiting.subarray(at);
        return false;
      }
      this.#waiting = this.#waiting.subarray(at);
      this.#isLost = false;
      return true;
    }
    this.#waiting = this.#waiting.subarray(Math.max(0, this.#waiting.length - headerBytes));
    return false;
  }

  #sense(from: number, header: PcapHeader): "none" | "short" | "record" {
    const headerBytes = RECORD_HEADER_BYTES + header.extraRecordBytes;
    let at = from;
    for (let count = 0; count < CHAIN; count++) {
      if (at + headerBytes > this.#waiting.length) return "short";
      const record = this.#recordAt(at, header);
      const isOne =
        record.fraction < (header.nanoseconds ? 1e9 : 1e6) &&
        record.capturedBytes > 0 &&
        record.capturedBytes <= record.wireBytes &&
        record.capturedBytes <= (header.snaplenBytes || header.longestRecordBytes) &&
        record.wireBytes <= header.longestRecordBytes &&
        (this.lastUs === null || Math.abs(record.timeUs - this.lastUs) < MOST_APART_US);
      if (!isOne) return "none";
      at += headerBytes + record.capturedBytes;
    }
    return "record";
  }

  #recordAt(at: number, { littleEndian, nanoseconds }: PcapHeader) {
    const word = (offset: number): number =>
      littleEndian ? this.#waiting.readUInt32LE(at + offset) : this.#waiting.readUInt32BE(at + offset);
    const fraction = word(4);
    return {
      ...{ timeUs: word(0) * 1e6 + Math.floor(fraction / (nanoseconds ? 1000 : 1)), fraction },
      ...{ capturedBytes: word(8), wireBytes: word(12) },
    };
  }
}
