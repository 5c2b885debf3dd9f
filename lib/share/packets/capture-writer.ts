import { closeSync, openSync, writeSync } from "node:fs";
import type { ExactTime, PacketDirection } from "../../packets/reader.js";

const BUFFER_BYTES = 1024 * 1024;
const SNAPLEN_BYTES = 262_144;
/** pcap with times of nanoseconds (draft-ietf-opsawg-pcap). */
const PCAP_MAGIC = 0xa1b23c4d;
/** Blocks of pcapng (draft-ietf-opsawg-pcapng), and options of an interface and of a packet. */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;
const OPTION = { name: 2, flags: 2, resolution: 9 } as const;
const NANOSECONDS = 9;

/** A packet as it is written. */
interface WrittenPacket {
  readonly bytes: Uint8Array;
  readonly capturedBytes: number;
  readonly wireBytes: number;
  readonly linktype: number;
  readonly time: ExactTime;
  readonly interfaceIndex: number;
  readonly interface: string | null;
  readonly direction: PacketDirection | null;
}

/** Bytes to a file that is new (0600), in large pieces. */
class FileBuffer {
  private readonly fd: number;
  private readonly buffer = Buffer.alloc(BUFFER_BYTES);
  private filled = 0;

  constructor(path: string) {
    this.fd = openSync(path, "wx", 0o600);
  }

  add(bytes: Uint8Array): void {
    if (this.filled + bytes.length > BUFFER_BYTES) this.flush();
    if (bytes.length > BUFFER_BYTES) {
      this.write(bytes);
      return;
    }
    this.buffer.set(bytes, this.filled);
    this.filled += bytes.length;
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.fd);
    }
  }

  private flush(): void {
    this.write(this.buffer.subarray(0, this.filled));
    this.filled = 0;
  }

  private write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.fd, bytes, at);
  }
}

export interface CaptureWriter {
  add(packet: WrittenPacket): void;
  close(): void;
}

/** One link type for the whole file, as its reader knows it before the first packet. */
export function openPcapWriter(
  path: string,
  { linktype, snaplenBytes }: { readonly linktype: number; readonly snaplenBytes: number },
): CaptureWriter {
  const file = new FileBuffer(path);
  const header = Buffer.alloc(24);
  header.writeUInt32LE(PCAP_MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(snaplenBytes, 16);
  header.writeUInt32LE(linktype, 20);
  file.add(header);
  const record = Buffer.alloc(16);
  return {
    add({ bytes, capturedBytes, wireBytes, time }) {
      record.writeUInt32LE(time.seconds >>> 0, 0);
      record.writeUInt32LE(time.nanoseconds, 4);
      record.writeUInt32LE(capturedBytes, 8);
      record.writeUInt32LE(wireBytes, 12);
      file.add(record);
      file.add(bytes.subarray(0, capturedBytes));
    },
    close: () => file.close(),
  };
}

/** One section with the devices as they are met; a number that was not met yet is given to a device without a name. */
export function openPcapngWriter(path: string): CaptureWriter {
  const file = new FileBuffer(path);
  const section = Buffer.alloc(16);
  section.writeUInt32LE(0x1a2b3c4d, 0);
  section.writeUInt16LE(1, 4);
  section.writeBigInt64LE(-1n, 8);
  addBlock(file, BLOCK.section, section);
  let devices = 0;
  return {
    add(packet) {
      for (; devices <= packet.interfaceIndex; devices++)
        addBlock(file, BLOCK.interface, describe(packet, devices === packet.interfaceIndex));
      addBlock(file, BLOCK.packet, bodyOf(packet));
    },
    close: () => file.close(),
  };
}

function describe({ linktype, interface: name }: WrittenPacket, isItsOwn: boolean): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(linktype, 0);
  header.writeUInt32LE(SNAPLEN_BYTES, 4);
  const named = isItsOwn && name !== null ? [optionOf(OPTION.name, Buffer.from(name, "utf8"))] : [];
  return Buffer.concat([
    header,
    ...named,
    optionOf(OPTION.resolution, Buffer.of(NANOSECONDS)),
    Buffer.alloc(4),
  ]);
}

function bodyOf({ bytes, capturedBytes, wireBytes, time, interfaceIndex, direction }: WrittenPacket): Buffer {
  const header = Buffer.alloc(20);
  const nanoseconds = BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds);
  header.writeUInt32LE(interfaceIndex, 0);
  header.writeUInt32LE(Number((nanoseconds >> 32n) & 0xffffffffn), 4);
  header.writeUInt32LE(Number(nanoseconds & 0xffffffffn), 8);
  header.writeUInt32LE(capturedBytes, 12);
  header.writeUInt32LE(wireBytes, 16);
  const parts = [header, padded(bytes.subarray(0, capturedBytes))];
  if (direction !== null)
    parts.push(optionOf(OPTION.flags, Buffer.of(direction === "in" ? 1 : 2, 0, 0, 0)), Buffer.alloc(4));
  return Buffer.concat(parts);
}

function optionOf(code: number, value: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(code, 0);
  header.writeUInt16LE(value.length, 2);
  return Buffer.concat([header, padded(value)]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function addBlock(file: FileBuffer, type: number, body: Buffer): void {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(body.length + 12, 4);
  file.add(header);
  file.add(body);
  file.add(header.subarray(4));
}
