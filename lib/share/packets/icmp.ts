import { bringMessageAlong, sumOf } from "./checksums.js";
import type { PacketContext, Segment } from "./context.js";
import { sealPayload } from "./payload.js";
import { rewriteNeighbourDiscovery } from "./neighbours.js";

const HEADER_BYTES = 8;
const CHECKSUM = 2;
/** Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792): they quote a packet. */
const QUOTING: readonly number[] = [3, 4, 5, 11, 12];
const REDIRECT = 5;
const LAST_ERROR_6 = 4;

export function rewriteIcmp(context: PacketContext, segment: Segment): number {
  const { bytes, addresses } = context;
  const { at, end } = segment;
  if (end - at < HEADER_BYTES) return end;
  const before = sumOf(bytes, at, end);
  const kind = bytes[at]!;
  const body = at + HEADER_BYTES;
  if (kind === REDIRECT) addresses.map4At(bytes, at + 4);
  const kept = QUOTING.includes(kind) ? quote(context, body, end) : sealPayload(context, body, end);
  bringMessageAlong(bytes, at + CHECKSUM, { before, after: sumOf(bytes, at, end) });
  return kept;
}

/** Its checksum is of the addresses too (RFC 4443, 2.3). */
export function rewriteIcmpv6(context: PacketContext, segment: Segment): number {
  const { bytes } = context;
  const { at, end, pseudo } = segment;
  if (end - at < HEADER_BYTES) return end;
  const before = pseudo.before + sumOf(bytes, at, end);
  const kind = bytes[at]!;
  const body = at + HEADER_BYTES;
  const isError = kind >= 1 && kind <= LAST_ERROR_6;
  const kept = isError
    ? quote(context, body, end)
    : (rewriteNeighbourDiscovery(context, segment) ?? sealPayload(context, body, end));
  bringMessageAlong(bytes, at + CHECKSUM, { before, after: pseudo.after + sumOf(bytes, at, end) });
  return kept;
}

/** Quotes of quotes are none (RFC 1122, 3.2.2). */
function quote(context: PacketContext, at: number, end: number): number {
  if (context.depth >= 8) return at;
  context.depth++;
  const kept = context.enterIp(at, end);
  context.depth--;
  return kept;
}
