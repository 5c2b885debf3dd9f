import { int32 } from "./bytes.js";
import { readEthernet } from "./ethernet.js";
import type { Packet } from "./packet.js";

const HEADER_BYTES = 8;
const VNI_PRESENT = 0x08;

/** The ports a VXLAN packet is recognised by: a hop's own, or the usual two where nothing is known. */
export interface VxlanPorts {
  /** 0: none is opened. */
  readonly first: number;
  readonly second: number;
}

export const NO_VXLAN: VxlanPorts = { first: 0, second: 0 };
/** IANA's port and the one Linux had before it (flannel, Cilium). */
export const USUAL_VXLAN: VxlanPorts = { first: 4789, second: 8472 };

/**
 * VXLAN (RFC 7348).
 *
 *     | flags 1 (0x08: VNI is valid) | reserved 3 | VNI 3 | reserved 1 | Ethernet frame |
 *
 * Called with the outer UDP header read. The offset of the inner IP header, -1 where it is none.
 */
export function readVxlan(bytes: Uint8Array, at: number, packet: Packet): number {
  if (packet.end - at < HEADER_BYTES || (bytes[at]! & VNI_PRESENT) === 0) return -1;
  const inner = readEthernet(bytes, at + HEADER_BYTES, packet);
  if (inner < 0 || inner >= packet.end) return -1;
  packet.vni = int32(bytes, at + 4) >>> 8;
  packet.outerSource = packet.source0;
  packet.outerDestination = packet.destination0;
  return inner;
}
