import type { Reach } from "./types.js";

/** What formats over IP itself have in common. */

export const IP6_HEADER_BYTES = 40;
/** An IPv4 header's length is in its own first byte. */
const OUTER_BYTES = "((ip[0]&0xf)<<2)";

/** Behind the outer IP header of a format with that protocol number; an IPv6 header has to be without extension headers. */
export function matchIp(outer: 4 | 6, protocol: number): Reach {
  if (outer === 6) return { unit: "ip6", base: String(IP6_HEADER_BYTES), guards: [`ip6[6]=${protocol}`] };
  // Beyond the first fragment there is no inner header.
  return { unit: "ip", base: OUTER_BYTES, guards: [`ip proto ${protocol}`, "ip[6:2]&0x1fff=0"] };
}

/**
 * A base further on. Its numbers are added up, so that filters stay readable, and because libpcap's optimiser is known to
 * lose a value behind a sum of several: tests hold filters against tcpdump.
 */
export function plus(base: string, offset: number): string {
  const [, before = "", last] = /^(.*\+)?([0-9]+)$/.exec(base) ?? [];
  if (last !== undefined) return `${before}${Number(last) + offset}`;
  return offset === 0 ? base : `${base}+${offset}`;
}
