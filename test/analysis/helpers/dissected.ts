import { dissectFrame } from "../../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { summarise } from "../../../lib/analysis/dissect/summarise.js";
import { USUAL_OPENERS, type Openers } from "../../../lib/wire/open.js";

export interface DissectOptions {
  readonly linktype?: number;
  readonly tunnels?: Openers;
}

/** A frame dissected, with other bytes before and behind it that must not be read. */
export function dissect(
  frame: Uint8Array,
  options: DissectOptions = {},
): { packet: Packet; summary: string } {
  const bytes = Buffer.concat([Buffer.alloc(7, 0xee), frame, Buffer.alloc(64, 0xee)]);
  const packet = new Packet();
  const kind = { tunnels: options.tunnels ?? USUAL_OPENERS };
  dissectFrame(bytes, { at: 7, capturedBytes: frame.length, linktype: options.linktype ?? 1 }, kind, packet);
  return { packet, summary: summarise(packet, bytes) };
}
