import { int32, uint16 } from "./bytes.js";
import { STOP, type Packet } from "./packet.js";

const LEAST_HEADER_BYTES = 20;

/**
 * IPv4 (RFC 791). Fills addresses, lengths, fragment and protocol; the offset of the payload, -1 with
 * `stop` set where the header is cut or cannot be.
 */
export function readIpv4(bytes: Uint8Array, at: number, packet: Packet): number {
  const left = packet.end - at;
  if (left < LEAST_HEADER_BYTES) return refuse(packet, STOP.cut);
  const headerBytes = (bytes[at]! & 0x0f) << 2;
  if (bytes[at]! >> 4 !== 4 || headerBytes < LEAST_HEADER_BYTES) return refuse(packet, STOP.malformed);
  let total = uint16(bytes, at + 2);
  // A frame larger than 64 KiB (BIG TCP) has a length of 0 until it is cut into segments.
  if (total === 0) total = left;
  if (total < headerBytes) return refuse(packet, STOP.malformed);
  packet.version = 4;
  packet.ipAt = at;
  packet.ipBytes = total;
  packet.ipId = uint16(bytes, at + 4);
  const fragment = uint16(bytes, at + 6);
  packet.dontFragment = (fragment >> 14) & 1;
  packet.moreFragments = (fragment >> 13) & 1;
  packet.fragmentOffset = (fragment & 0x1fff) << 3;
  packet.ttl = bytes[at + 8]!;
  packet.protocol = bytes[at + 9]!;
  packet.source0 = int32(bytes, at + 12);
  packet.source1 = packet.source2 = packet.source3 = 0;
  packet.destination0 = int32(bytes, at + 16);
  packet.destination1 = packet.destination2 = packet.destination3 = 0;
  packet.l4At = at + headerBytes;
  packet.l4Bytes = total - headerBytes;
  // What follows the packet within the frame is padding.
  if (at + total < packet.end) packet.end = at + total;
  if (packet.l4At > packet.end) return refuse(packet, STOP.cut);
  return packet.l4At;
}

function refuse(packet: Packet, stop: number): number {
  packet.stop = stop;
  return -1;
}
