import { int32, uint16 } from "../dissect/bytes.js";
import { PROTOCOL, type Packet } from "../dissect/packet.js";

/**
 * unfinished: it holds the pseudo-header's sum alone, or nothing, as it does until a device, or the receiving kernel,
 * computes the rest (CHECKSUM_PARTIAL; https://docs.kernel.org/networking/checksum-offloads.html).
 */
export type ChecksumState = "right" | "unfinished" | "wrong";

/** Where the checksum stands in each header. */
const OFFSETS: Readonly<Record<number, number>> = {
  [PROTOCOL.tcp]: 16,
  [PROTOCOL.udp]: 6,
  [PROTOCOL.icmp]: 2,
  [PROTOCOL.icmpv6]: 2,
};
const LEAST_BYTES = 8;

/**
 * The checksum of a whole packet's TCP, UDP or ICMP (RFC 1071); null where nothing can be said: a fragment, a packet
 * that was cut, a sender that computed none.
 */
export function checksumOf(bytes: Uint8Array, packet: Packet): ChecksumState | null {
  const { protocol, l4At: at, l4Bytes: length, version, ipAt } = packet;
  if (packet.fragmentOffset > 0 || packet.moreFragments === 1 || at + length > packet.end) return null;
  const addresses = version === 6 ? sumOf(bytes, ipAt + 8, 32) : sumOf(bytes, ipAt + 12, 8);
  return stateOf(bytes, { protocol, at, length, addresses });
}

/** The same of UDP that a tunnel put before the packet, and of its IPv4 header; null where it has neither. */
export function outerChecksumOf(
  bytes: Uint8Array,
  { outerAt, outerVersion, end }: Packet,
): ChecksumState | null {
  if (outerVersion !== 4) return null;
  const headerBytes = (bytes[outerAt]! & 0xf) * 4;
  if (fold(sumOf(bytes, outerAt, headerBytes)) !== 0xffff)
    return uint16(bytes, outerAt + 10) === 0 ? "unfinished" : "wrong";
  const at = outerAt + headerBytes;
  const length = uint16(bytes, outerAt + 2) - headerBytes;
  if (bytes[outerAt + 9] !== PROTOCOL.udp || at + length > end) return null;
  return stateOf(bytes, { protocol: PROTOCOL.udp, at, length, addresses: sumOf(bytes, outerAt + 12, 8) });
}

function stateOf(
  bytes: Uint8Array,
  segment: {
    readonly protocol: number;
    readonly at: number;
    readonly length: number;
    readonly addresses: number;
  },
): ChecksumState | null {
  const { protocol, at, length, addresses } = segment;
  const offset = OFFSETS[protocol];
  if (offset === undefined || length < LEAST_BYTES) return null;
  const field = uint16(bytes, at + offset);
  if (protocol === PROTOCOL.udp && field === 0) return null;
  // ICMP of IPv4 alone has no pseudo-header.
  const pseudo = protocol === PROTOCOL.icmp ? 0 : addresses + protocol + length;
  if (fold(sumOf(bytes, at, length) + pseudo) === 0xffff) return "right";
  return field === 0 || (pseudo > 0 && fold(pseudo) === field) ? "unfinished" : "wrong";
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** Sum of 16-bit words, not folded: a number has room for that of any packet. */
function sumOf(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  let here = at;
  for (; here + 3 < at + length; here += 4) {
    const word = int32(bytes, here);
    sum += (word >>> 16) + (word & 0xffff);
  }
  for (; here < at + length; here++) sum += (here - at) % 2 === 0 ? bytes[here]! << 8 : bytes[here]!;
  return sum;
}
