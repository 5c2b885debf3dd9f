import { int32, uint16 } from "./bytes.js";
import { passTags } from "./ethertype.js";
import type { Packet } from "./packet.js";

const SLL_BYTES = 16;
const SLL2_BYTES = 20;
const MAC_BYTES = 6;

/**
 * Linux "cooked" capture, as `-i any` writes it. LINKTYPE_LINUX_SLL: packet type 2, ARPHRD type 2, length of the
 * sender's address 2, the address 8, protocol 2. The offset of the IP header; -1 where the frame is cut or carries none.
 */
export function readSll(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < SLL_BYTES) return -1;
  packet.packetType = uint16(bytes, at);
  if (uint16(bytes, at + 4) === MAC_BYTES) packet.sourceMacAt = at + 6;
  return passTags(bytes, uint16(bytes, at + 14), at + SLL_BYTES, packet);
}

/**
 * LINKTYPE_LINUX_SLL2: protocol 2, reserved 2, interface index 4, ARPHRD type 2, packet type 1, length of the sender's
 * address 1, the address 8.
 */
export function readSll2(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < SLL2_BYTES) return -1;
  packet.interfaceIndex = int32(bytes, at + 4);
  packet.packetType = bytes[at + 10]!;
  if (bytes[at + 11] === MAC_BYTES) packet.sourceMacAt = at + 12;
  return passTags(bytes, uint16(bytes, at), at + SLL2_BYTES, packet);
}
