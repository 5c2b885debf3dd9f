import { notACapture } from "./invalid.js";
import { KNOWN_LINKTYPES } from "./linktype.js";

export const FILE_HEADER_BYTES = 24;
export const RECORD_HEADER_BYTES = 16;

/** libpcap's MAXIMUM_SNAPLEN: no program we know of writes longer records for these link types. */
const LONGEST_RECORD_BYTES = 262_144;
const LONGEST_DECLARED_BYTES = 16 * 1024 * 1024;

/** What the 24 bytes at the start of a pcap file say (draft-ietf-opsawg-pcap). */
export interface PcapHeader {
  readonly littleEndian: boolean;
  /** Resolution of the record's second time word. */
  readonly nanoseconds: boolean;
  /** 0 as written by some programs means "no limit". */
  readonly snaplenBytes: number;
  readonly linktype: number;
  /** A record that claims more than this is damage, not a packet. */
  readonly longestRecordBytes: number;
  /** By which a record's header is longer than the format says. */
  readonly extraRecordBytes: number;
}

type Magic = Pick<PcapHeader, "littleEndian" | "nanoseconds" | "extraRecordBytes">;

/** Reads the file header. Throws EVIDENCE_INVALID that names the file and says what it is instead. */
export function readPcapHeader(bytes: Uint8Array, file: string): PcapHeader {
  if (bytes.length === 0)
    throw notACapture(file, "the file is empty", "The capture ended before it began to write");
  if (bytes.length < 4) throw notACapture(file, `${bytes.length} bytes, less than a file header`);
  const magic = uint32(bytes, 0, false);
  const kind = MAGICS[magic];
  if (kind === undefined) throw notACapture(file, describeMagic(magic), HINT);
  if (bytes.length < FILE_HEADER_BYTES)
    throw notACapture(file, `${bytes.length} bytes, less than a file header`);
  const major = uint16(bytes, 4, kind.littleEndian);
  if (major !== 2)
    throw notACapture(file, `pcap version ${major}`, "Only version 2 of the pcap format is read");
  const snaplenBytes = uint32(bytes, 16, kind.littleEndian);
  // The upper 16 bits hold the length of a frame check sequence and flags.
  const linktype = uint32(bytes, 20, kind.littleEndian) & 0xffff;
  if (!KNOWN_LINKTYPES.includes(linktype))
    throw notACapture(
      file,
      `link type ${linktype}`,
      `Capture on a device of link type ${KNOWN_LINKTYPES.join(", ")}`,
    );
  const longestRecordBytes = Math.max(LONGEST_RECORD_BYTES, Math.min(snaplenBytes, LONGEST_DECLARED_BYTES));
  return { ...kind, snaplenBytes, linktype, longestRecordBytes };
}

const MAGICS: Readonly<Record<number, Magic | undefined>> = {
  0xa1b2c3d4: { littleEndian: false, nanoseconds: false, extraRecordBytes: 0 },
  0xd4c3b2a1: { littleEndian: true, nanoseconds: false, extraRecordBytes: 0 },
  0xa1b23c4d: { littleEndian: false, nanoseconds: true, extraRecordBytes: 0 },
  0x4d3cb2a1: { littleEndian: true, nanoseconds: true, extraRecordBytes: 0 },
  // Alexey Kuznetzov's modified libpcap: index, protocol and packet type behind the lengths.
  0xa1b2cd34: { littleEndian: false, nanoseconds: false, extraRecordBytes: 8 },
  0x34cdb2a1: { littleEndian: true, nanoseconds: false, extraRecordBytes: 8 },
};

function describeMagic(magic: number): string {
  return `a file that begins with 0x${magic.toString(16).padStart(8, "0")}`;
}

const HINT = "Give a pcap or pcapng file, as tcpdump -w or Wireshark writes it; gzip and zstd are unpacked";

function uint16(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const [a, b] = [bytes[at]!, bytes[at + 1]!];
  return littleEndian ? a | (b << 8) : (a << 8) | b;
}

function uint32(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const [high, low] = [uint16(bytes, at, littleEndian), uint16(bytes, at + 2, littleEndian)];
  return (littleEndian ? (low << 16) | high : (high << 16) | low) >>> 0;
}
