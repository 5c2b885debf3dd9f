import { bytesOf } from "../../lib/capture/addresses.js";

/** Packets as bytes, made by hand so that filters meet what the wire has. Checksums are left 0: BPF ignores them. */
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

export interface Ip {
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly body: Buffer;
  /** IPv4 options in 4-byte words of no-operation. */
  readonly optionWords?: number;
  /** In units of 8 bytes. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
}

export function ip({
  src,
  dst,
  protocol,
  body,
  optionWords = 0,
  fragmentOffset = 0,
  moreFragments = false,
}: Ip): Buffer {
  const from = Buffer.from(bytesOf(src));
  const to = Buffer.from(bytesOf(dst));
  const fragmented = fragmentOffset > 0 || moreFragments;
  if (from.length === 4) {
    const length = 20 + optionWords * 4;
    const head = [Buffer.from([0x40 | (length / 4), 0]), u16(length + body.length), u16(0x1234)];
    const rest = [u16((moreFragments ? 0x2000 : 0) | fragmentOffset), Buffer.from([64, protocol, 0, 0])];
    return Buffer.concat([...head, ...rest, from, to, Buffer.alloc(optionWords * 4, 1), body]);
  }
  const extension = fragmented
    ? Buffer.concat([
        Buffer.from([protocol, 0]),
        u16((fragmentOffset << 3) | (moreFragments ? 1 : 0)),
        Buffer.from([0, 0, 0, 9]),
      ])
    : Buffer.alloc(0);
  const head = Buffer.from([
    0x60,
    0,
    0,
    0,
    ...u16(extension.length + body.length),
    fragmented ? 44 : protocol,
    64,
  ]);
  return Buffer.concat([head, from, to, extension, body]);
}

export const udp = (src: number, dst: number, body: Buffer = Buffer.alloc(8)): Buffer =>
  Buffer.concat([u16(src), u16(dst), u16(8 + body.length), u16(0), body]);

export const tcp = (src: number, dst: number): Buffer =>
  Buffer.concat([u16(src), u16(dst), Buffer.alloc(8), Buffer.from([0x50, 2, 0xff, 0xff, 0, 0, 0, 0])]);

/** An ICMP message: 4 bytes of head, 4 of rest, then what it carries. */
export const icmp = (type: number, body: Buffer = Buffer.alloc(16)): Buffer =>
  Buffer.concat([Buffer.from([type, 0, 0, 0, 0, 7, 0, 1]), body]);

export const vxlan = (vni: number, frame: Buffer): Buffer =>
  Buffer.concat([Buffer.from([8, 0, 0, 0, vni >> 16, (vni >> 8) & 0xff, vni & 0xff, 0]), frame]);

/** The mark stands in the source MAC, which no filter looks at. */
export function ethernet(packet: Buffer, mark = 0): Buffer {
  const type = packet.readUInt8(0) >> 4 === 4 ? 0x0800 : 0x86dd;
  const macs = Buffer.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, ...u16(mark)]);
  return Buffer.concat([macs, u16(type), packet]);
}

export function markOf(frame: Buffer): number {
  return frame.readUInt16BE(10);
}

export function pcap(frames: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(1, 20);
  const records = frames.flatMap((frame, index) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(index, 0);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([head, ...records]);
}

export function framesOf(file: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 24; at < file.length;) {
    const length = file.readUInt32LE(at + 8);
    frames.push(file.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}
