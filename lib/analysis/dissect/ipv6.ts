import { int32, uint16 } from "./bytes.js";
import { STOP, type Packet } from "./packet.js";

const HEADER_BYTES = 40;
const EXTENSION = { hopByHop: 0, routing: 43, fragment: 44, authentication: 51, destination: 60 } as const;
/** A packet with more extension headers than this is built to waste our time. */
const MOST_EXTENSIONS = 8;

/**
 * Where the version says 6: IPv6 with its simple extension headers and fragments (RFC 8200). Fills addresses, lengths, fragment and
 * protocol; the offset of the payload, -1 with `stop` set where a header is cut or cannot be.
 */
export function readIpv6(bytes: Uint8Array, at: number, packet: Packet): number {
  const left = packet.end - at;
  if (left < HEADER_BYTES) return refuse(packet, STOP.cut);
  const payloadBytes = uint16(bytes, at + 4);
  // 0: a jumbogram, or a frame larger than 64 KiB before it is cut into segments.
  const total = payloadBytes === 0 ? left : HEADER_BYTES + payloadBytes;
  packet.version = 6;
  packet.ipAt = at;
  packet.ipBytes = total;
  packet.ttl = bytes[at + 7]!;
  packet.source0 = int32(bytes, at + 8);
  packet.source1 = int32(bytes, at + 12);
  packet.source2 = int32(bytes, at + 16);
  packet.source3 = int32(bytes, at + 20);
  packet.destination0 = int32(bytes, at + 24);
  packet.destination1 = int32(bytes, at + 28);
  packet.destination2 = int32(bytes, at + 32);
  packet.destination3 = int32(bytes, at + 36);
  if (at + total < packet.end) packet.end = at + total;
  return readExtensions(bytes, at, packet);
}

function readExtensions(bytes: Uint8Array, ipAt: number, packet: Packet): number {
  let next = bytes[ipAt + 6]!;
  let at = ipAt + HEADER_BYTES;
  for (let count = 0; count < MOST_EXTENSIONS && isExtension(next); count++) {
    if (packet.end - at < 8) return refuse(packet, STOP.cut);
    const following = bytes[at]!;
    if (next === EXTENSION.fragment) readFragment(bytes, at, packet);
    at += extensionBytes(next, bytes[at + 1]!);
    next = following;
    // Only the first fragment has the headers that would follow.
    if (packet.fragmentOffset > 0) break;
  }
  packet.protocol = next;
  packet.l4At = at;
  packet.l4Bytes = packet.ipBytes - (at - ipAt);
  if (packet.l4Bytes < 0) return refuse(packet, STOP.malformed);
  if (at > packet.end) return refuse(packet, STOP.cut);
  return at;
}

function isExtension(next: number): boolean {
  return (
    next === EXTENSION.hopByHop ||
    next === EXTENSION.routing ||
    next === EXTENSION.fragment ||
    next === EXTENSION.authentication ||
    next === EXTENSION.destination
  );
}

function extensionBytes(kind: number, length: number): number {
  if (kind === EXTENSION.fragment) return 8;
  // RFC 4302 counts 4-byte words less 2, everything else 8-byte words less 1.
  return kind === EXTENSION.authentication ? (length + 2) << 2 : (length + 1) << 3;
}

function readFragment(bytes: Uint8Array, at: number, packet: Packet): void {
  const word = uint16(bytes, at + 2);
  packet.fragmentOffset = word & 0xfff8;
  packet.moreFragments = word & 1;
  packet.ipId = int32(bytes, at + 4);
}

function refuse(packet: Packet, stop: number): number {
  packet.stop = stop;
  return -1;
}
