import { uint16 } from "./bytes.js";
import { STOP, type Packet } from "./packet.js";

const HEADER_BYTES = 8;
export const ICMP = {
  echoReply: 0,
  unreachable: 3,
  sourceQuench: 4,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;
const FRAGMENTATION_NEEDED = 4;

/** The eight bytes that ICMP and ICMPv6 begin with (RFC 792, RFC 4443 2.1); false where they are cut off. */
export function readIcmpHeader(bytes: Uint8Array, at: number, packet: Packet): boolean {
  if (packet.end - at < HEADER_BYTES || packet.l4Bytes < HEADER_BYTES) {
    packet.stop = STOP.cut;
    return false;
  }
  packet.icmpType = bytes[at]!;
  packet.icmpCode = bytes[at + 1]!;
  packet.icmpId = uint16(bytes, at + 4);
  packet.icmpSequence = uint16(bytes, at + 6);
  packet.payloadAt = at + HEADER_BYTES;
  packet.payloadBytes = packet.l4Bytes - HEADER_BYTES;
  return true;
}

/** ICMP (RFC 792): echo and the errors that quote a packet. */
export function readIcmp(bytes: Uint8Array, at: number, packet: Packet): void {
  if (!readIcmpHeader(bytes, at, packet)) return;
  const type = packet.icmpType;
  if (!isIcmpError(type)) return;
  packet.quoteAt = packet.payloadAt;
  // RFC 1191: the next hop's MTU stands where echo has its sequence number.
  const tooBig = type === ICMP.unreachable && packet.icmpCode === FRAGMENTATION_NEEDED;
  packet.icmpMtu = tooBig ? packet.icmpSequence : 0;
}

function isIcmpError(type: number): boolean {
  return (
    type === ICMP.unreachable ||
    type === ICMP.sourceQuench ||
    type === ICMP.timeExceeded ||
    type === ICMP.parameterProblem
  );
}
