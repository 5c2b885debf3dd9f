import type { PacketContext, Segment } from "./context.js";

const ARP = { bytes: 28, ethernet: 1, ipv4: 0x0800, sizes: 0x0604, stays: 8 } as const;
/** RFC 4861, RFC 2710, RFC 3810. */
const KIND = {
  solicitRouter: 133,
  router: 134,
  solicit: 135,
  advertise: 136,
  redirect: 137,
  listenerFirst: 130,
  listenerLast: 132,
  report: 143,
} as const;
/** Where the options of each begin, and how many addresses stand behind the first eight bytes. */
const FORMS: Readonly<Record<number, { readonly options: number; readonly addresses: number }>> = {
  [KIND.solicitRouter]: { options: 8, addresses: 0 },
  [KIND.router]: { options: 16, addresses: 0 },
  [KIND.solicit]: { options: 24, addresses: 1 },
  [KIND.advertise]: { options: 24, addresses: 1 },
  [KIND.redirect]: { options: 40, addresses: 2 },
  [KIND.listenerFirst]: { options: 24, addresses: 1 },
  131: { options: 24, addresses: 1 },
  [KIND.listenerLast]: { options: 24, addresses: 1 },
};
const OPTION = { source: 1, target: 2, prefix: 3, mtu: 5 } as const;

/** ARP (RFC 826): its sender's MAC and address, its target's. What is for something else keeps no address. */
export function rewriteArp({ bytes, macs, addresses }: PacketContext, at: number, end: number): number {
  if (end - at < ARP.stays) return at;
  const isUsual = uint16(bytes, at) === ARP.ethernet && uint16(bytes, at + 2) === ARP.ipv4;
  if (!isUsual || uint16(bytes, at + 4) !== ARP.sizes || end - at < ARP.bytes) return at + ARP.stays;
  macs.mapAt(bytes, at + 8);
  addresses.map4At(bytes, at + 14);
  macs.mapAt(bytes, at + 18);
  addresses.map4At(bytes, at + 24);
  return at + ARP.bytes;
}

/** Neighbour discovery and listener discovery; null where the message is neither. */
export function rewriteNeighbourDiscovery(context: PacketContext, { at, end }: Segment): number | null {
  const { bytes, addresses } = context;
  const kind = bytes[at]!;
  if (kind === KIND.report) return rewriteReport(context, at, end);
  const form = FORMS[kind];
  if (form === undefined) return null;
  for (let index = 0; index < form.addresses; index++) {
    const address = at + 8 + index * 16;
    if (address + 16 > end) return address;
    addresses.map6At(bytes, address);
  }
  return rewriteOptions(context, Math.min(end, at + form.options), end);
}

/** Options that carry something else than addresses of the link, a prefix or an MTU are emptied. */
function rewriteOptions({ bytes, macs, addresses }: PacketContext, start: number, end: number): number {
  let at = start;
  while (at + 8 <= end) {
    const length = bytes[at + 1]! << 3;
    if (length === 0 || at + length > end) return at;
    const kind = bytes[at]!;
    if ((kind === OPTION.source || kind === OPTION.target) && length === 8) macs.mapAt(bytes, at + 2);
    else if (kind === OPTION.prefix && length === 32) mapPrefix(addresses, bytes, at);
    else if (kind !== OPTION.mtu) bytes.fill(0, at + 2, at + length);
    at += length;
  }
  return at;
}

/** RFC 4861, 4.6.2: its length in bits in the third byte, the prefix from the 17th on. */
function mapPrefix(addresses: PacketContext["addresses"], bytes: Uint8Array, at: number): void {
  addresses.map6At(bytes, at + 16);
  const bits = Math.min(128, bytes[at + 2]!);
  for (let index = 0; index < 16; index++) {
    const own = Math.min(8, Math.max(0, bits - index * 8));
    bytes[at + 16 + index]! &= (0xff << (8 - own)) & 0xff;
  }
}

/** RFC 3810, 5.2: records of type 1, auxiliary length 1, number of sources 2, the group 16 and the sources. */
function rewriteReport({ bytes, addresses }: PacketContext, start: number, end: number): number {
  let at = start + 8;
  while (at + 20 <= end) {
    const sources = uint16(bytes, at + 2);
    const next = at + 20 + sources * 16 + (bytes[at + 1]! << 2);
    if (next > end) return at;
    for (let index = 0; index <= sources; index++) addresses.map6At(bytes, at + 4 + index * 16);
    bytes.fill(0, at + 20 + sources * 16, next);
    at = next;
  }
  return at;
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
