import { bringAlong, fold, sumOf } from "./checksums.js";
import type { PacketContext } from "./context.js";
import { rewriteTransport } from "./transport.js";

const [LEAST_4, HEADER_6] = [20, 40];
/** Record route, loose and strict source route, time stamps (RFC 791). */
const OPTION = { end: 0, none: 1, record: 7, times: 68, loose: 131, strict: 137 } as const;
const EXTENSION = { hopByHop: 0, routing: 43, fragment: 44, authentication: 51, destination: 60 } as const;
const EXTENSIONS: readonly number[] = Object.values(EXTENSION);
const HOME_ADDRESS = 201;
const MOST_EXTENSIONS = 16;

/** The IP packet at `at`; how many of the record's bytes stay. */
export function rewriteIp(context: PacketContext, at: number, end: number): number {
  if (at >= end) return end;
  const version = context.bytes[at]! >> 4;
  if (version === 4) return rewriteIpv4(context, at, end);
  return version === 6 ? rewriteIpv6(context, at, end) : at;
}

function rewriteIpv4(context: PacketContext, at: number, end: number): number {
  const { bytes, addresses } = context;
  const headerBytes = (bytes[at]! & 0x0f) << 2;
  if (end - at < LEAST_4 || headerBytes < LEAST_4) return at;
  const stated = uint16(bytes, at + 2);
  const total = stated === 0 ? end - at : stated;
  const packetEnd = Math.min(end, at + total);
  const l4At = at + headerBytes;
  if (l4At > packetEnd) {
    addresses.map4At(bytes, at + 12);
    addresses.map4At(bytes, at + 16);
    return at + LEAST_4;
  }
  const protocol = bytes[at + 9]!;
  const field = uint16(bytes, at + 10);
  const header = sumOf(bytes, at, l4At) - field;
  const between = sumOf(bytes, at + 12, at + 20);
  addresses.map4At(bytes, at + 12);
  addresses.map4At(bytes, at + 16);
  rewriteOptions(context, at + LEAST_4, l4At);
  // A device that is still to compute it leaves nothing there.
  if (field !== 0 || fold(header) === 0xffff)
    bringAlong(bytes, at + 10, { before: header, after: sumOf(bytes, at, l4At) - field });
  const fragment = uint16(bytes, at + 6);
  if ((fragment & 0x1fff) > 0) return context.keepsPayload ? packetEnd : l4At;
  const lengthBytes = total - headerBytes;
  const pseudo = { before: between + protocol + lengthBytes, after: 0 };
  pseudo.after = sumOf(bytes, at + 12, at + 20) + protocol + lengthBytes;
  return rewriteTransport(context, { protocol, at: l4At, end: packetEnd, lengthBytes, version: 4, pseudo });
}

function rewriteOptions({ bytes, addresses }: PacketContext, start: number, end: number): void {
  for (let at = start; at < end && bytes[at] !== OPTION.end;) {
    const kind = bytes[at]!;
    if (kind === OPTION.none) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > end) return;
    const isRoute = kind === OPTION.record || kind === OPTION.loose || kind === OPTION.strict;
    if (isRoute) for (let hop = at + 3; hop + 4 <= at + length; hop += 4) addresses.map4At(bytes, hop);
    // Each time stamp has an address before it where the flag says so.
    if (kind === OPTION.times && length > 4 && (bytes[at + 3]! & 0x0f) > 0)
      for (let hop = at + 4; hop + 8 <= at + length; hop += 8) addresses.map4At(bytes, hop);
    at += length;
  }
}

function rewriteIpv6(context: PacketContext, at: number, end: number): number {
  const { bytes, addresses } = context;
  if (end - at < HEADER_6) return at;
  const stated = uint16(bytes, at + 4);
  const packetEnd = stated === 0 ? end : Math.min(end, at + HEADER_6 + stated);
  const extensions = passExtensions(context, at, packetEnd);
  const source = { before: sumOf(bytes, at + 8, at + 24), after: 0 };
  const destination = { before: sumOf(bytes, at + 24, at + 40), after: 0 };
  addresses.map6At(bytes, at + 8);
  addresses.map6At(bytes, at + 24);
  source.after = sumOf(bytes, at + 8, at + 24);
  destination.after = sumOf(bytes, at + 24, at + 40);
  const { protocol, l4At, isFirst, last } = extensions;
  if (l4At > packetEnd) return packetEnd;
  if (!isFirst) return context.keepsPayload ? packetEnd : l4At;
  const final = last ?? destination;
  const lengthBytes = (stated === 0 ? packetEnd - at - HEADER_6 : stated) - (l4At - at - HEADER_6);
  const rest = protocol + lengthBytes;
  const pseudo = { before: source.before + final.before + rest, after: source.after + final.after + rest };
  return rewriteTransport(context, { protocol, at: l4At, end: packetEnd, lengthBytes, version: 6, pseudo });
}

interface Extensions {
  readonly protocol: number;
  readonly l4At: number;
  readonly isFirst: boolean;
  /** Sums of the last destination, where a routing header names another than the packet's own. */
  readonly last: { readonly before: number; readonly after: number } | null;
}

function passExtensions(context: PacketContext, ipAt: number, end: number): Extensions {
  const { bytes } = context;
  let next = bytes[ipAt + 6]!;
  let at = ipAt + HEADER_6;
  let last: Extensions["last"] = null;
  for (let count = 0; count < MOST_EXTENSIONS && EXTENSIONS.includes(next); count++) {
    if (end - at < 8) return { protocol: next, l4At: end + 1, isFirst: true, last };
    const kind = next;
    const size = kind === EXTENSION.authentication ? (bytes[at + 1]! + 2) << 2 : (bytes[at + 1]! + 1) << 3;
    const length = kind === EXTENSION.fragment ? 8 : size;
    const headerEnd = Math.min(end, at + length);
    if (kind === EXTENSION.routing) last = rewriteRouting(context, at, headerEnd) ?? last;
    if (kind === EXTENSION.destination) rewriteHomeAddress(context, at + 2, headerEnd);
    next = bytes[at]!;
    const isLater = kind === EXTENSION.fragment && (uint16(bytes, at + 2) & 0xfff8) > 0;
    at += length;
    if (isLater) return { protocol: next, l4At: at, isFirst: false, last };
  }
  return { protocol: next, l4At: at, isFirst: true, last };
}

/** Types 0 and 2 (RFC 2460, RFC 6275), 4 (RFC 8754): addresses from the ninth byte on; of 4 the first is the last one. */
function rewriteRouting({ bytes, addresses }: PacketContext, at: number, end: number): Extensions["last"] {
  const [kind, left] = [bytes[at + 2]!, bytes[at + 3]!];
  const isSegments = kind === 4;
  const count = isSegments ? bytes[at + 4]! + 1 : bytes[at + 1]! >> 1;
  let last: Extensions["last"] = null;
  for (let index = 0; index < count; index++) {
    const here = at + 8 + index * 16;
    if (here + 16 > end) return last;
    const before = sumOf(bytes, here, here + 16);
    addresses.map6At(bytes, here);
    if (left > 0 && index === (isSegments ? 0 : count - 1))
      last = { before, after: sumOf(bytes, here, here + 16) };
  }
  return last;
}

function rewriteHomeAddress({ bytes, addresses }: PacketContext, start: number, end: number): void {
  for (let at = start; at + 2 <= end;) {
    const length = bytes[at] === 0 ? -1 : bytes[at + 1]!;
    if (bytes[at] === HOME_ADDRESS && length === 16 && at + 18 <= end) addresses.map6At(bytes, at + 2);
    at += 2 + length;
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
