import { bytesOf } from "./addresses.js";
import { allOf, hexOf } from "./expression.js";
import type { Encapsulation } from "../model/hops.js";

/**
 * Where an IP header stands in a packet, as libpcap can reach it: the byte `base` of the header that
 * `unit[...]` addresses. `base` may be an expression, because an IPv4 header has no fixed length.
 */
export interface View {
  readonly family: 4 | 6;
  readonly unit: "ip" | "ip6" | "udp" | "icmp";
  readonly base: string;
  /** The outermost header: libpcap's own words (`src host`, `tcp port`) reach it. */
  readonly plain: boolean;
  /** What must hold before any of its bytes mean anything. */
  readonly guard: string;
}

/** Bytes from the UDP header to the inner Ethernet header: UDP 8, VXLAN 8 (RFC 7348, 5). */
const VXLAN_ETHERNET = 16;
/** … to the inner IP header: the Ethernet header's 14 more, its type in the last two. */
const VXLAN_IP = VXLAN_ETHERNET + 14;
const IP6_HEADER = 40;
const ETHERTYPE = { 4: "0x0800", 6: "0x86dd" } as const;

/** The view of the flow's own IP header under a hop's encapsulation. */
export function viewOf(encapsulation: Encapsulation, family: 4 | 6): View {
  if (encapsulation.kind === "none") {
    const unit = family === 4 ? "ip" : "ip6";
    return { family, unit, base: "0", plain: true, guard: unit };
  }
  const { port, vni, outer } = encapsulation;
  const unit = outer === 4 ? "udp" : "ip6";
  // `udp[]` never matches IPv6 (pcap-filter(7)), so there the offsets count from the outer IPv6 header.
  const shift = outer === 4 ? 0 : IP6_HEADER;
  const outerMatch = outer === 4 ? `udp dst port ${port}` : allOf("ip6[6]=17", `ip6[${shift + 2}:2]=${port}`);
  const guard = allOf(
    outerMatch,
    `${unit}[${shift + 12}:4]>>8=${vni}`,
    `${unit}[${shift + VXLAN_IP - 2}:2]=${ETHERTYPE[family]}`,
  );
  return { family, unit, base: String(shift + VXLAN_IP), plain: false, guard };
}

/** `udp[42:4]`: `size` bytes (1, 2 or 4) at `offset` of the view's IP header. */
export function byteAt(view: View, offset: number, size: 1 | 2 | 4 = 1): string {
  return access(view.unit, plus(view.base, offset), size);
}

/** A base further on; numbers are added up, so that filters stay readable. */
export function plus(base: string, offset: number): string {
  if (/^[0-9]+$/.test(base)) return String(Number(base) + offset);
  return offset === 0 ? base : `${base}+${offset}`;
}

export function access(unit: View["unit"], base: string, size: 1 | 2 | 4): string {
  return size === 1 ? `${unit}[${base}]` : `${unit}[${base}:${size}]`;
}

/** Where the transport header starts, counted like the view's base. */
export function transportBase(view: View): string {
  if (view.family === 6) return plus(view.base, IP6_HEADER);
  const length = `((${byteAt(view, 0)}&0xf)<<2)`;
  return view.base === "0" ? length : `${view.base}+${length}`;
}

/** The source or destination is exactly this address. */
export function matchAddress(view: View, side: "src" | "dst", ip: string): string {
  if (view.plain) return `${side} host ${ip}`;
  const bytes = bytesOf(ip);
  const first = view.family === 4 ? { src: 12, dst: 16 }[side] : { src: 8, dst: 24 }[side];
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    words.push(`${byteAt(view, first + at, 4)}=${hexOf(bytes.slice(at, at + 4))}`);
  }
  return allOf(...words);
}
