import type { Worn } from "../model/hops.js";
import { IP6_HEADER_BYTES } from "./ip.js";
import type { Reach } from "./types.js";

/** What formats over UDP have in common. */

/**
 * The outer UDP header of a format. `udp[]` never matches IPv6 (pcap-filter(7)), so there offsets count from the outer
 * IPv6 header, which has to be without extension headers; `shift` is to be added to those from the UDP header on.
 */
export function matchUdp({ outer, port = 0 }: Worn): Omit<Reach, "base"> & { readonly shift: number } {
  if (outer === 4) return { unit: "udp", shift: 0, guards: [`udp dst port ${port}`] };
  const shift = IP6_HEADER_BYTES;
  return { unit: "ip6", shift, guards: ["ip6[6]=17", `ip6[${shift + 2}:2]=${port}`] };
}

/** Identifier and port of a device that carries a virtual network; null where one is missing or cannot be. */
export function readNetwork(
  data: Readonly<Record<string, unknown>>,
): { readonly port: number; readonly vni: number } | null {
  const { id } = data;
  const port = readPort(data);
  return port === null || !isBelow(id, 2 ** 24) ? null : { port, vni: id };
}

/** A device's UDP port; null where it is missing or cannot be. */
export function readPort({ port }: Readonly<Record<string, unknown>>): number | null {
  return isBelow(port, 65_536) && port !== 0 ? port : null;
}

function isBelow(value: unknown, limit: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit;
}
