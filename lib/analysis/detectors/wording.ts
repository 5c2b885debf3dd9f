import type { HopRef, PacketRef } from "../../model/findings.js";
import type { EndFacts, LegFacts, SideIndex } from "./facts.js";

const MOST_PACKETS = 8;

export const SIDES = ["the client", "the server"] as const;
/** What each of the two sends. */
export const SENT = ["requests", "replies"] as const;

export function otherSide(side: SideIndex): SideIndex {
  return side === 0 ? 1 : 0;
}

/** "node-a eth0"; the interface alone where no node is known. */
export function nameHop({ node, interface: device }: HopRef): string {
  return node === "" || node === device ? device : `${node} ${device}`;
}

export function isSameHop(one: HopRef, other: HopRef): boolean {
  return one.node === other.node && one.interface === other.interface;
}

export function nameLeg({ from, to }: LegFacts): string {
  return `between ${nameHop(from)} and ${nameHop(to)}`;
}

/** `10.0.0.1:80`, `[fd00::1]:80`, or the address alone. */
export function nameEnd({ ip, port }: EndFacts): string {
  if (port === null) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** "1 packet", "3 packets". */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** "3 of 8 packets (38 %)". */
export function share(part: number, whole: number, word: string): string {
  const percent = (part / whole) * 100;
  return `${part} of ${whole} ${word}s (${percent < 1 ? percent.toFixed(1) : Math.round(percent)} %)`;
}

/** "340 µs", "12 ms", "1.5 s". */
export function duration(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${Number((us / 1000).toPrecision(3))} ms`;
  return `${Number((us / 1_000_000).toPrecision(3))} s`;
}

/** The first of several lists of packets. */
export function firstOf(...lists: readonly (readonly PacketRef[])[]): readonly PacketRef[] {
  return lists.flat().slice(0, MOST_PACKETS);
}
