import { uint16 } from "./bytes.js";
import type { Packet } from "./packet.js";

const ETHERNET_BYTES = 14;
const TAG_BYTES = 4;
export const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100 } as const;

/**
 * Ethernet II with at most one 802.1Q tag (IEEE 802.3, 802.1Q).
 *
 *     | destination 6 | source 6 | [0x8100 2 | PCP DEI VID 2] | type 2 |
 *
 * The offset of the payload; -1 where the frame is cut or carries no IP.
 */
export function readEthernet(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < ETHERNET_BYTES) return -1;
  let type = uint16(bytes, at + 12);
  let payload = at + ETHERNET_BYTES;
  if (type === ETHERTYPE.vlan) {
    if (packet.end - payload < TAG_BYTES) return -1;
    packet.vlan = uint16(bytes, payload) & 0x0fff;
    type = uint16(bytes, payload + 2);
    payload += TAG_BYTES;
  }
  return type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6 ? payload : -1;
}
