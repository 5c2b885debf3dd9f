import { readArp } from "./arp.js";
import { uint16 } from "./bytes.js";
import type { Packet } from "./packet.js";

export const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  ipv6: 0x86dd,
  vlan: 0x8100,
  /** IEEE 802.1ad, and what switches used before it. */
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
  mpls: 0x8847,
  mplsUpstream: 0x8848,
} as const;

const TAG_BYTES = 4;
/** A frame with more tags or labels than this was made to be slow. */
const MOST_HEADERS = 16;

/**
 * Passes the tags (IEEE 802.1Q: PCP DEI VID 2, type 2) and the label stack (RFC 3032: label 20 bits, traffic class 3,
 * bottom of stack 1, TTL 8) between a link header and IP; `packet.vlan` is the outermost tag's. The offset of the IP
 * header; -1 where the frame is cut or carries none, as with ARP, which is read.
 */
export function passTags(bytes: Uint8Array, first: number, start: number, packet: Packet): number {
  let [type, at] = [first, start];
  for (let headers = 0; headers < MOST_HEADERS; headers++) {
    if (type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6) return at;
    if (packet.end - at < TAG_BYTES) return -1;
    if (type === ETHERTYPE.mpls || type === ETHERTYPE.mplsUpstream) {
      const isBottom = (bytes[at + 2]! & 1) === 1;
      at += TAG_BYTES;
      // Labels say nothing of what they carry; its first half byte is IP's version, or none of ours.
      if (isBottom) type = typeByVersion(bytes, at, packet);
    } else if (
      type === ETHERTYPE.vlan ||
      type === ETHERTYPE.serviceVlan ||
      type === ETHERTYPE.oldServiceVlan
    ) {
      if (packet.vlan < 0) packet.vlan = uint16(bytes, at) & 0x0fff;
      type = uint16(bytes, at + 2);
      at += TAG_BYTES;
    } else {
      if (type === ETHERTYPE.arp) readArp(bytes, at, packet);
      return -1;
    }
  }
  return -1;
}

function typeByVersion(bytes: Uint8Array, at: number, packet: Packet): number {
  const version = at < packet.end ? bytes[at]! >> 4 : 0;
  if (version === 4) return ETHERTYPE.ipv4;
  return version === 6 ? ETHERTYPE.ipv6 : 0;
}
