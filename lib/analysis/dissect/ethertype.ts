import { ETHERTYPE, typeOfNext } from "../../wire/ethertype.js";
import { readArp } from "./arp.js";
import { uint16 } from "./bytes.js";
import type { Packet } from "./packet.js";

const TAG_BYTES = 4;
const LEAST_NSH_BYTES = 8;
export const ETHERNET_BYTES = 14;
/** A frame with more tags or labels than this was made to be slow. */
const MOST_HEADERS = 16;

/**
 * Passes what stands between a link's or tunnel's header and IP, by the type of the first: the tags (IEEE 802.1Q: PCP DEI VID 2, type 2) and the label stack (RFC 3032: label 20 bits, traffic class 3,
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
    } else if (type === ETHERTYPE.nsh) {
      const headerBytes = (bytes[at + 1]! & 0x3f) << 2;
      type = headerBytes < LEAST_NSH_BYTES ? 0 : typeOfNext(bytes[at + 3]!);
      at += headerBytes;
    } else if (type === ETHERTYPE.frame) {
      if (packet.end - at < ETHERNET_BYTES) return -1;
      packet.destinationMacAt = at;
      packet.sourceMacAt = at + 6;
      type = uint16(bytes, at + 12);
      at += ETHERNET_BYTES;
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
