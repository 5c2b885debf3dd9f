import type { CaptureReader } from "../../packets/reader.js";
import { wireOf, WIRE_FORMATS } from "../../wire/registry.js";
import type { WireFormat } from "../../wire/types.js";
import { MOST_KEY_BYTES } from "./key.js";
import type { HopCapture } from "./source.js";

/** Link header with a tag or SLL2, the larger of the two. */
const LINK_BYTES = 20;
const IP_BYTES = 40;

/**
 * How many bytes behind an IP header every hop has kept, up to what a key looks at: a hash over more would differ between
 * a hop that captured a packet bare and one that captured as many bytes of it inside a tunnel.
 */
export function leastKeptBytes(captures: readonly HopCapture[], readers: readonly CaptureReader[]): number {
  const kept = readers.map(({ snaplenBytes }, index) => {
    if (snaplenBytes === 0) return MOST_KEY_BYTES;
    return snaplenBytes - LINK_BYTES - IP_BYTES - tunnelBytes(captures[index]!);
  });
  return Math.max(0, Math.min(MOST_KEY_BYTES, ...kept));
}

function tunnelBytes({ encapsulation }: HopCapture): number {
  if (encapsulation?.kind === "none") return 0;
  const wire = wireOf(encapsulation);
  if (wire !== null) return mostOf(wire.format) + wire.format.optionBytes;
  return Math.max(...WIRE_FORMATS.map(mostOf));
}

function mostOf({ overheadBytes }: WireFormat): number {
  return Math.max(overheadBytes[4], overheadBytes[6]);
}
