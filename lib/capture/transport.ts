import { checkPort } from "./addresses.js";
import { allOf, anyOf } from "./expression.js";
import { access, byteAt, transportBase, type View } from "./view.js";
import { plus } from "../wire/ip.js";
import type { Protocol } from "../model/traffic.js";

/** Ports of one direction; null: any. */
interface PortPair {
  readonly src: number | null;
  readonly dst: number | null;
}

/** IP protocol numbers (IANA). ICMP depends on the family. */
export function protocolNumber(protocol: Protocol, family: 4 | 6): number {
  if (protocol === "icmp") return family === 4 ? 1 : 58;
  return protocol === "tcp" ? 6 : 17;
}

/** IPv6 fragment header (RFC 8200, 4.5). */
const FRAGMENT_HEADER = 44;
const ECHO = { 4: [8, 0], 6: [128, 129] } as const;

/** A whole packet, or a first fragment, of the protocol: its ports, or for ICMP an echo. */
export function matchTransport(view: View, protocol: Protocol, ports: PortPair): string {
  const number = protocolNumber(protocol, view.family);
  if (view.family === 4) {
    const is = [`${byteAt(view, 9)}=${number}`, `${byteAt(view, 6, 2)}&0x1fff=0`];
    return allOf(...is, ...matchHead(view, { protocol, ports, base: transportBase(view) }));
  }
  const base = transportBase(view);
  const whole = allOf(`${byteAt(view, 6)}=${number}`, ...matchHead(view, { protocol, ports, base }));
  const first = allOf(
    `${byteAt(view, 6)}=${FRAGMENT_HEADER}`,
    `${byteAt(view, 40)}=${number}`,
    `${byteAt(view, 42, 2)}&0xfff8=0`,
    ...matchHead(view, { protocol, ports, base: plus(base, 8) }),
  );
  return anyOf(whole, first);
}

/** A later fragment of an IP protocol: it has no ports, so the addresses have to do. */
export function matchLaterFragment(view: View, number: number): string {
  if (view.family === 4) return allOf(`${byteAt(view, 9)}=${number}`, `${byteAt(view, 6, 2)}&0x1fff!=0`);
  return allOf(
    `${byteAt(view, 6)}=${FRAGMENT_HEADER}`,
    `${byteAt(view, 40)}=${number}`,
    `${byteAt(view, 42, 2)}&0xfff8!=0`,
  );
}

interface Head {
  readonly protocol: Protocol;
  readonly ports: PortPair;
  readonly base: string;
}

function matchHead(view: View, { protocol, ports, base }: Head): readonly string[] {
  if (protocol === "icmp") {
    return [anyOf(...ECHO[view.family].map((type) => `${access(view.unit, base, 1)}=${type}`))];
  }
  const terms: string[] = [];
  if (ports.src !== null) terms.push(`${access(view.unit, base, 2)}=${checkPort(ports.src)}`);
  if (ports.dst !== null) terms.push(`${access(view.unit, plus(base, 2), 2)}=${checkPort(ports.dst)}`);
  return terms;
}
