import type { Packet } from "./packet.js";

const HEADER_BYTES = 4;
const ATTRIBUTE_BYTES = 4;
/** NFULA_PAYLOAD of linux/netfilter/nfnetlink_log.h. */
const PAYLOAD = 9;
const MOST_ATTRIBUTES = 64;

/**
 * LINKTYPE_NFLOG: family 1, version 1, resource 2, and attributes of length 2, type 2 and a value, padded to four bytes,
 * in the capturing machine's byte order: which that is, the first one's length tells, as it is below 256. The offset of
 * the IP header, with `packet.end` where the packet ends; -1 where the frame is cut or carries none.
 */
export function readNflog(bytes: Uint8Array, start: number, packet: Packet): number {
  let at = start + HEADER_BYTES;
  const high = at < packet.end && bytes[at] === 0 ? 0 : 1;
  for (let count = 0; count < MOST_ATTRIBUTES && packet.end - at >= ATTRIBUTE_BYTES; count++) {
    const length = bytes[at + 1 - high]! | (bytes[at + high]! << 8);
    if (length < ATTRIBUTE_BYTES) return -1;
    if (bytes[at + 3 - high] === PAYLOAD && bytes[at + 2 + high] === 0) {
      packet.end = Math.min(packet.end, at + length);
      return at + ATTRIBUTE_BYTES;
    }
    at += (length + 3) & ~3;
  }
  return -1;
}
