import type { CaptureReader } from "../../packets/reader.js";
import { MOST_HASHED_BYTES } from "./key.js";
import type { HopCapture } from "./source.js";

/** Link header with a tag or SLL2, the larger of the two. */
const LINK_BYTES = 20;
const IP_BYTES = 40;
const TRANSPORT_BYTES = 8;
const VXLAN_BYTES = 8 + 8 + 14;

/**
 * How many bytes of a datagram's payload every hop has kept: a hash over more would differ between a hop
 * that captured a packet bare and one that captured as many bytes of it inside a tunnel.
 */
export function leastHashedBytes(captures: readonly HopCapture[], readers: readonly CaptureReader[]): number {
  const kept = readers.map(({ snaplenBytes }, index) => {
    if (snaplenBytes === 0) return MOST_HASHED_BYTES;
    return snaplenBytes - LINK_BYTES - IP_BYTES - TRANSPORT_BYTES - tunnelBytes(captures[index]!);
  });
  return Math.max(0, Math.min(MOST_HASHED_BYTES, ...kept));
}

function tunnelBytes({ encapsulation }: HopCapture): number {
  if (encapsulation?.kind === "none") return 0;
  return VXLAN_BYTES + IP_BYTES;
}
