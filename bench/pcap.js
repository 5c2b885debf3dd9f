// Writes captures for the benchmark.
import { Buffer } from "node:buffer";
import { closeSync, openSync, writeSync } from "node:fs";

const START_SEC = 1_790_000_000;
const WRITE_BYTES = 4 * 1024 * 1024;

/** Writes a pcap file; times are µs since its first packet may have been seen. */
export function createWriter(path) {
  const fd = openSync(path, "w", 0o600);
  const buffer = Buffer.alloc(WRITE_BYTES);
  let [used, total] = [0, 0];
  const flush = () => {
    total += writeSync(fd, buffer, 0, used);
    used = 0;
  };
  buffer.set([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
  buffer.writeUInt32LE(262_144, 16);
  buffer.writeUInt32LE(1, 20);
  used = 24;
  return {
    write(timeUs, frame) {
      if (used + 16 + frame.length > WRITE_BYTES) flush();
      buffer.writeUInt32LE(START_SEC + Math.floor(timeUs / 1_000_000), used);
      buffer.writeUInt32LE(timeUs % 1_000_000, used + 4);
      buffer.writeUInt32LE(frame.length, used + 8);
      buffer.writeUInt32LE(frame.length, used + 12);
      used += 16 + frame.copy(buffer, used + 16);
    },
    close() {
      flush();
      closeSync(fd);
      return total;
    },
  };
}

/** An IPv4 header (RFC 791) without options, of a packet that takes the rest of the frame. */
export function writeIpv4(frame, at, { source, destination, protocol, ttl = 64 }) {
  frame[at] = 0x45;
  frame.writeUInt16BE(frame.length - at, at + 2);
  frame[at + 8] = ttl;
  frame[at + 9] = protocol;
  frame.set(source, at + 12);
  frame.set(destination, at + 16);
  frame.writeUInt16BE(0, at + 10);
  frame.writeUInt16BE(checksumOf(frame, { from: at, to: at + 20 }), at + 10);
}

/** The Internet checksum (RFC 1071) of what begins with a sum of its own. */
export function checksumOf(frame, { from, to, start = 0 }) {
  let sum = start;
  for (let at = from; at < to; at += 2) sum += frame.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** A frame in VXLAN (RFC 7348) with the VNI 4096, from one node to the other, each an address as a number. */
export function wrapInVxlan(frame, [source, destination]) {
  const outer = Buffer.alloc(50 + frame.length);
  outer.writeUInt16BE(0x0800, 12);
  writeIpv4(outer, 14, { source, destination, protocol: 17 });
  outer.writeUInt16BE(50_000, 34);
  outer.writeUInt16BE(4789, 36);
  outer.writeUInt16BE(outer.length - 34, 38);
  outer[42] = 0x08;
  outer.writeUIntBE(4096, 46, 3);
  frame.copy(outer, 50);
  return outer;
}
