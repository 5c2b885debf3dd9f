import { int32, uint16 } from "./bytes.js";
import type { Packet } from "./packet.js";

export const ARP = { request: 1, reply: 2 } as const;

const ARP_BYTES = 28;
/** Ethernet, IPv4, addresses of 6 and 4 bytes. */
const HARDWARE = 1;
const PROTOCOL = 0x0800;
const SIZES = 0x0604;

/**
 * ARP for IPv4 over Ethernet (RFC 826): hardware 2, protocol 2, sizes 1 and 1, operation 2, sender's MAC 6 and address
 * 4, target's MAC 6 and address 4. What is cut, or is for something else, is left as none.
 */
export function readArp(bytes: Uint8Array, at: number, packet: Packet): void {
  if (packet.end - at < ARP_BYTES) return;
  if (uint16(bytes, at) !== HARDWARE || uint16(bytes, at + 2) !== PROTOCOL) return;
  if (uint16(bytes, at + 4) !== SIZES) return;
  packet.arpOperation = uint16(bytes, at + 6);
  packet.arpSenderMacAt = at + 8;
  packet.arpSender = int32(bytes, at + 14);
  packet.arpTarget = int32(bytes, at + 24);
}
