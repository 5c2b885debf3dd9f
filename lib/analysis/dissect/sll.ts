import { uint16 } from "./bytes.js";
import { passTags } from "./ethertype.js";
import type { Packet } from "./packet.js";

const SLL_BYTES = 16;
const SLL2_BYTES = 20;

/**
 * Linux "cooked" capture, as `-i any` writes it: LINKTYPE_LINUX_SLL has the protocol in its last two bytes.
 * The offset of the IP header; -1 where the frame is cut or carries none.
 */
export function readSll(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < SLL_BYTES) return -1;
  return passTags(bytes, uint16(bytes, at + 14), at + SLL_BYTES, packet);
}

/** LINKTYPE_LINUX_SLL2 has the protocol in its first two bytes. */
export function readSll2(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < SLL2_BYTES) return -1;
  return passTags(bytes, uint16(bytes, at), at + SLL2_BYTES, packet);
}
