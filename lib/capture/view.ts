import { bytesOf } from "./addresses.js";
import { allOf, hexOf } from "./expression.js";
import type { Encapsulation } from "../model/hops.js";
import { plus } from "../wire/ip.js";
import { wireOf } from "../wire/registry.js";

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

const IP6_HEADER = 40;

/** The view of the flow's own IP header under a hop's encapsulation. */
export function viewOf(encapsulation: Encapsulation, family: 4 | 6): View {
  const wire = wireOf(encapsulation);
  if (wire === null) {
    const unit = family === 4 ? "ip" : "ip6";
    return { family, unit, base: "0", plain: true, guard: unit };
  }
  const { unit, base, guards } = wire.format.reach(wire.worn, family);
  return { family, unit, base, plain: false, guard: allOf(...guards) };
}

/** `udp[42:4]`: `size` bytes (1, 2 or 4) at `offset` of the view's IP header. */
export function byteAt(view: View, offset: number, size: 1 | 2 | 4 = 1): string {
  return access(view.unit, plus(view.base, offset), size);
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
