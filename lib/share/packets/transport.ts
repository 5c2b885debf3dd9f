import { ownChecksumAt } from "../../wire/open.js";
import type { Inside } from "../../wire/types.js";
import { emptyPayload, sealPayload } from "./payload.js";
import { bringAlong, bringTransportAlong, sumOf } from "./checksums.js";
import type { PacketContext, Segment } from "./context.js";
import { rewriteDns } from "./dns.js";
import { rewriteIcmp, rewriteIcmpv6 } from "./icmp.js";

const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;
const [UDP_BYTES, LEAST_TCP_BYTES, SCTP_BYTES] = [8, 20, 12];
const [UDP_CHECKSUM, TCP_CHECKSUM] = [6, 16];
const DNS_PORTS: readonly number[] = [53, 5353];
/** By which a sealed packet is known: its kind, its index, its number. */
const SEALED_BYTES = 16;
const MOST_DEPTH = 8;
const MPTCP = { kind: 30, addAddress: 3 } as const;

/** What an IP packet carries; how many of the record's bytes stay. */
export function rewriteTransport(context: PacketContext, segment: Segment): number {
  switch (segment.protocol) {
    case PROTOCOL.tcp:
      return rewriteTcp(context, segment);
    case PROTOCOL.udp:
      return rewriteUdp(context, segment);
    case PROTOCOL.icmp:
      return rewriteIcmp(context, segment);
    case PROTOCOL.icmpv6:
      return rewriteIcmpv6(context, segment);
    default:
      return rewriteOther(context, segment);
  }
}

function rewriteTcp(context: PacketContext, segment: Segment): number {
  const { bytes } = context;
  const { at, end, pseudo } = segment;
  const headerBytes = end - at < LEAST_TCP_BYTES ? LEAST_TCP_BYTES : (bytes[at + 12]! >> 4) << 2;
  const headerEnd = Math.min(end, at + Math.max(LEAST_TCP_BYTES, headerBytes));
  const before = sumOf(bytes, at, end);
  if (headerEnd - at > LEAST_TCP_BYTES) rewriteTcpOptions(context, at + LEAST_TCP_BYTES, headerEnd);
  const read = isDns(bytes, at) ? rewriteDnsSegment(context, headerEnd, end) : headerEnd;
  const kept = emptyPayload(context, read, end);
  if (end - at >= TCP_CHECKSUM + 2)
    bringTransportAlong(bytes, at + TCP_CHECKSUM, {
      pseudo,
      body: { before, after: sumOf(bytes, at, end) },
      isUdp: false,
    });
  return kept;
}

/** Behind its length of two bytes (RFC 1035, 4.2.2), where a segment begins with it; what is in pieces is cut. */
function rewriteDnsSegment(context: PacketContext, at: number, end: number): number {
  if (end - at < 2) return at;
  const length = (context.bytes[at]! << 8) | context.bytes[at + 1]!;
  const kept = rewriteDns(context, at + 2, Math.min(end, at + 2 + length));
  return kept === at + 2 ? at : kept;
}

/** ADD_ADDR of Multipath TCP (RFC 8684, 3.4.1). */
function rewriteTcpOptions({ bytes, addresses }: PacketContext, start: number, end: number): void {
  for (let at = start; at + 1 < end && bytes[at] !== 0;) {
    if (bytes[at] === 1) {
      at++;
      continue;
    }
    const length = bytes[at + 1]!;
    if (length < 2 || at + length > end) return;
    if (bytes[at] === MPTCP.kind && length >= 8 && bytes[at + 2]! >> 4 === MPTCP.addAddress) {
      if (length >= 20) addresses.map6At(bytes, at + 4);
      else addresses.map4At(bytes, at + 4);
    }
    at += length;
  }
}

function rewriteUdp(context: PacketContext, segment: Segment): number {
  const { bytes } = context;
  const { at, end, pseudo } = segment;
  const headerEnd = at + UDP_BYTES;
  if (end < headerEnd) return end;
  const before = sumOf(bytes, at, end);
  const kept = openTunnel(context, segment, headerEnd) ?? rewriteDatagram(context, segment);
  bringTransportAlong(bytes, at + UDP_CHECKSUM, {
    pseudo,
    body: { before, after: sumOf(bytes, at, end) },
    isUdp: true,
  });
  return kept;
}

function rewriteDatagram(context: PacketContext, segment: Segment): number {
  const { at, end } = segment;
  const headerEnd = at + UDP_BYTES;
  const read = isDns(context.bytes, at) ? rewriteDns(context, headerEnd, end) : headerEnd;
  if (read > headerEnd) return emptyPayload(context, read, end);
  const isKnown = isSealed(context, segment);
  return isKnown
    ? emptyPayload(context, Math.min(end, headerEnd + SEALED_BYTES), end)
    : sealPayload(context, headerEnd, end);
}

function rewriteOther(context: PacketContext, segment: Segment): number {
  const { bytes, openers } = context;
  const { at, end, protocol } = segment;
  const checksumAt = ownChecksumAt(protocol, bytes, at, end);
  const before = sumOf(bytes, at, end);
  const kept = openTunnel(context, segment, at);
  if (checksumAt >= 0) bringAlong(bytes, checksumAt, { before, after: sumOf(bytes, at, end) });
  if (kept !== null) return kept;
  const isSealed = openers.sealedIp.some(({ number }) => number === protocol);
  const headerBytes = protocol === PROTOCOL.sctp ? SCTP_BYTES : isSealed ? SEALED_BYTES : 0;
  return context.keepsPayload ? end : Math.min(end, at + headerBytes);
}

/** What the first format that fits carries; null where none does. */
function openTunnel(context: PacketContext, segment: Segment, at: number): number | null {
  const { bytes, openers } = context;
  if (context.depth >= MOST_DEPTH) return null;
  const isUdp = segment.protocol === PROTOCOL.udp;
  const number = isUdp ? (bytes[segment.at + 2]! << 8) | bytes[segment.at + 3]! : segment.protocol;
  for (const opener of isUdp ? openers.udp : openers.ip) {
    const inside: Inside = {
      end: segment.end,
      protocol: segment.protocol,
      innerAt: 0,
      innerType: 0,
      tunnelId: -1,
    };
    if (opener.number !== number || !opener.format.peel(bytes, at, inside) || inside.innerAt > segment.end)
      continue;
    context.depth++;
    const kept = context.enter(inside.innerType, inside.innerAt, segment.end);
    context.depth--;
    return kept;
  }
  return null;
}

function isSealed({ bytes, openers }: PacketContext, { at, end, lengthBytes }: Segment): boolean {
  const ports = [(bytes[at]! << 8) | bytes[at + 1]!, (bytes[at + 2]! << 8) | bytes[at + 3]!];
  const sealed = { end, payloadBytes: lengthBytes - UDP_BYTES };
  return openers.sealedUdp.some(
    ({ number, format }) => ports.includes(number) && format.recognises(bytes, at + UDP_BYTES, sealed),
  );
}

function isDns(bytes: Uint8Array, at: number): boolean {
  return (
    DNS_PORTS.includes((bytes[at]! << 8) | bytes[at + 1]!) ||
    DNS_PORTS.includes((bytes[at + 2]! << 8) | bytes[at + 3]!)
  );
}
