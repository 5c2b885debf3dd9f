import { LINKTYPE } from "../../packets/linktype.js";
import { ETHERTYPE, typeOfNext } from "../../wire/ethertype.js";
import type { PacketContext } from "./context.js";
import { rewriteIp } from "./ip.js";
import { rewriteArp } from "./neighbours.js";

const [SLL_BYTES, SLL2_BYTES, ETHERNET_BYTES, TAG_BYTES] = [16, 20, 14, 4];
const MAC_BYTES = 6;
/** A frame with more tags or labels than this was made to be slow. */
const MOST_HEADERS = 16;
/** NFULA_HWADDR, NFULA_PAYLOAD of linux/netfilter/nfnetlink_log.h; their lengths and the group may stay. */
const NFLOG = { headerBytes: 4, attributeBytes: 4, payload: 9, address: 8, mostAttributes: 64 } as const;
const NFLOG_STAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

/** A record's bytes from its link header on, changed in place; how many of them stay. Nothing outside of them is touched. */
export function rewriteFrame(context: PacketContext, length: number, linktype: number): number {
  const { bytes, macs } = context;
  switch (linktype) {
    case LINKTYPE.EN10MB:
      return rewriteEthernet(context, 0, length);
    case LINKTYPE.LINUX_SLL:
      if (length < SLL_BYTES) return 0;
      if (uint16(bytes, 4) === MAC_BYTES) macs.mapAt(bytes, 6);
      else bytes.fill(0, 6, 14);
      return rewriteBehind(context, { type: uint16(bytes, 14), at: SLL_BYTES, end: length });
    case LINKTYPE.LINUX_SLL2:
      if (length < SLL2_BYTES) return 0;
      if (bytes[11] === MAC_BYTES) macs.mapAt(bytes, 12);
      else bytes.fill(0, 12, 20);
      return rewriteBehind(context, { type: uint16(bytes, 0), at: SLL2_BYTES, end: length });
    case LINKTYPE.NULL:
    case LINKTYPE.LOOP:
      return length < 4 ? 0 : rewriteIp(context, 4, length);
    case LINKTYPE.NFLOG:
      return rewriteNflog(context, length);
    default:
      return rewriteIp(context, 0, length);
  }
}

/** An Ethernet frame at `at`. */
function rewriteEthernet(context: PacketContext, at: number, end: number): number {
  const { bytes, macs } = context;
  if (end - at < ETHERNET_BYTES) {
    bytes.fill(0, at, end);
    return end;
  }
  const type = uint16(bytes, at + 12);
  // The solicited addresses follow from what is within.
  const kept = rewriteBehind(context, { type, at: at + ETHERNET_BYTES, end });
  macs.mapAt(bytes, at);
  macs.mapAt(bytes, at + MAC_BYTES);
  return kept;
}

interface Behind {
  readonly type: number;
  readonly at: number;
  readonly end: number;
}

/** What follows a link's or tunnel's header, by its type, through tags and labels. */
export function rewriteBehind(context: PacketContext, behind: Behind): number {
  const { bytes } = context;
  const { end } = behind;
  let { type, at } = behind;
  for (let headers = 0; headers < MOST_HEADERS; headers++) {
    if (type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6) return rewriteIp(context, at, end);
    if (type === ETHERTYPE.arp) return rewriteArp(context, at, end);
    if (end - at < TAG_BYTES) return at;
    if (type === ETHERTYPE.mpls || type === ETHERTYPE.mplsUpstream) {
      const isBottom = (bytes[at + 2]! & 1) === 1;
      at += TAG_BYTES;
      if (isBottom) type = typeByVersion(bytes, at, end);
    } else if (
      type === ETHERTYPE.vlan ||
      type === ETHERTYPE.serviceVlan ||
      type === ETHERTYPE.oldServiceVlan
    ) {
      type = uint16(bytes, at + 2);
      at += TAG_BYTES;
    } else if (type === ETHERTYPE.nsh) {
      const headerBytes = (bytes[at + 1]! & 0x3f) << 2;
      type = headerBytes < 8 || at + headerBytes > end ? 0 : typeOfNext(bytes[at + 3]!);
      // What it says besides is the switches' own.
      if (type !== 0) bytes.fill(0, at + 8, at + headerBytes);
      at = type === 0 ? at : at + headerBytes;
    } else return type === ETHERTYPE.frame ? rewriteEthernet(context, at, end) : at;
  }
  return at;
}

function rewriteNflog(context: PacketContext, length: number): number {
  const { bytes, macs } = context;
  const high = bytes[NFLOG.headerBytes] === 0 ? 0 : 1;
  let at: number = NFLOG.headerBytes;
  for (let count = 0; count < NFLOG.mostAttributes && length - at >= NFLOG.attributeBytes; count++) {
    const size = bytes[at + 1 - high]! | (bytes[at + high]! << 8);
    const kind = bytes[at + 3 - high]! | (bytes[at + 2 + high]! << 8);
    const end = Math.min(length, at + size);
    if (size < NFLOG.attributeBytes) return at;
    // Cut, and not shortened: the attribute says how long it is.
    if (kind === NFLOG.payload) return rewriteIp(context, at + NFLOG.attributeBytes, end);
    if (kind === NFLOG.address && end - at >= 14) macs.mapAt(bytes, at + 8);
    else if (!NFLOG_STAY.includes(kind)) bytes.fill(0, at + NFLOG.attributeBytes, end);
    at += (size + 3) & ~3;
  }
  return Math.min(at, length);
}

function typeByVersion(bytes: Uint8Array, at: number, end: number): number {
  const version = at < end ? bytes[at]! >> 4 : 0;
  if (version === 4) return ETHERTYPE.ipv4;
  return version === 6 ? ETHERTYPE.ipv6 : 0;
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
