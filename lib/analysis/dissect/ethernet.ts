import { uint16 } from "./bytes.js";
import { ETHERNET_BYTES, passTags } from "./ethertype.js";
import type { Packet } from "./packet.js";

/**
 * Ethernet II (IEEE 802.3): destination 6, source 6, type 2. The offset of the IP header; -1 where the frame is cut or
 * carries none.
 */
export function readEthernet(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < ETHERNET_BYTES) return -1;
  packet.destinationMacAt = at;
  packet.sourceMacAt = at + 6;
  return passTags(bytes, uint16(bytes, at + 12), at + ETHERNET_BYTES, packet);
}
