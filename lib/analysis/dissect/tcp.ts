import { int32, uint16 } from "./bytes.js";
import { STOP, type Packet } from "./packet.js";

const LEAST_HEADER_BYTES = 20;
export const TCP = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;
const OPTION = { end: 0, noOperation: 1, maximumSegment: 2, windowScale: 3, sack: 5, timestamps: 8 } as const;
/** Left edge and right edge (RFC 2018). */
export const SACK_BLOCK_BYTES = 8;
const [MAXIMUM_SEGMENT_BYTES, WINDOW_SCALE_BYTES, TIMESTAMPS_BYTES] = [4, 3, 10];
/** The usual layout, two no-operations and then the option (RFC 7323, appendix A). */
const USUAL_TIMESTAMPS = 0x0101080a;

/**
 * TCP (RFC 9293) with its options: time stamps and window scale (RFC 7323), SACK (RFC 2018), maximum segment size. One
 * that is missing or was cut is left at 0, a SYN's at -1.
 */
export function readTcp(bytes: Uint8Array, at: number, packet: Packet): void {
  if (packet.end - at < LEAST_HEADER_BYTES || packet.l4Bytes < LEAST_HEADER_BYTES) {
    packet.stop = STOP.cut;
    return;
  }
  const headerBytes = (bytes[at + 12]! >> 4) << 2;
  if (headerBytes < LEAST_HEADER_BYTES || headerBytes > packet.l4Bytes) {
    packet.stop = STOP.malformed;
    return;
  }
  packet.sourcePort = uint16(bytes, at);
  packet.destinationPort = uint16(bytes, at + 2);
  packet.sequence = int32(bytes, at + 4);
  packet.acknowledgement = int32(bytes, at + 8);
  packet.tcpFlags = bytes[at + 13]!;
  packet.window = uint16(bytes, at + 14);
  packet.payloadAt = at + headerBytes;
  packet.payloadBytes = packet.l4Bytes - headerBytes;
  packet.timestampValue = packet.timestampEcho = packet.sackBlocks = 0;
  packet.maximumSegmentBytes = packet.windowScale = -1;
  const optionsEnd = Math.min(packet.payloadAt, packet.end);
  let first = at + LEAST_HEADER_BYTES;
  if (optionsEnd - first >= 12 && int32(bytes, first) === USUAL_TIMESTAMPS) {
    packet.timestampValue = int32(bytes, first + 4);
    packet.timestampEcho = int32(bytes, first + 8);
    first += 12;
  }
  if (first < optionsEnd) readOptions(bytes, first, { optionsEnd, packet });
}

function readOptions(bytes: Uint8Array, first: number, to: { optionsEnd: number; packet: Packet }): void {
  let at = first;
  while (at < to.optionsEnd) {
    const kind = bytes[at]!;
    if (kind === OPTION.end) return;
    if (kind === OPTION.noOperation) {
      at++;
      continue;
    }
    if (at + 1 >= to.optionsEnd) return;
    const length = bytes[at + 1]!;
    // A length below 2 would never come to an end.
    if (length < 2 || at + length > to.optionsEnd) return;
    readOption(bytes, at, to.packet);
    at += length;
  }
}

/** An option that is wholly there. */
function readOption(bytes: Uint8Array, at: number, packet: Packet): void {
  const [kind, length] = [bytes[at]!, bytes[at + 1]!];
  if (kind === OPTION.timestamps && length === TIMESTAMPS_BYTES) {
    packet.timestampValue = int32(bytes, at + 2);
    packet.timestampEcho = int32(bytes, at + 6);
  } else if (kind === OPTION.sack) {
    packet.sackBlocks = Math.floor((length - 2) / SACK_BLOCK_BYTES);
    packet.sackAt = at + 2;
  } else if ((packet.tcpFlags & TCP.syn) !== 0) {
    if (kind === OPTION.maximumSegment && length === MAXIMUM_SEGMENT_BYTES)
      packet.maximumSegmentBytes = uint16(bytes, at + 2);
    if (kind === OPTION.windowScale && length === WINDOW_SCALE_BYTES) packet.windowScale = bytes[at + 2]!;
  }
}
