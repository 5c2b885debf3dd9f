import type { Packet } from "./packet.js";

const FAMILY_BYTES = 4;
/** AF_INET, and AF_INET6 of NetBSD, FreeBSD, macOS and Linux. */
const FAMILIES: readonly number[] = [2, 24, 28, 30, 10];

/**
 * LINKTYPE_NULL and LINKTYPE_LOOP: the address family in four bytes, of the capturing machine's byte order or of the
 * network's. The offset of the IP header; -1 where the frame is cut or carries none.
 */
export function readLoopback(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < FAMILY_BYTES) return -1;
  const isBig = bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 0;
  const isLittle = bytes[at + 1] === 0 && bytes[at + 2] === 0 && bytes[at + 3] === 0;
  if (!isBig && !isLittle) return -1;
  return FAMILIES.includes(bytes[isBig ? at + 3 : at]!) ? at + FAMILY_BYTES : -1;
}
