import type { SealedFormat } from "../../wire/types.js";

/** An IP packet as it went into a sealed tunnel, or was to come out of it; the time by the first node's clock. */
export interface BarePacket {
  readonly timeUs: number;
  readonly ipBytes: number;
}

/** What the wire shows in its place. */
export interface SealedMessage {
  readonly timeUs: number;
  readonly payloadBytes: number;
}

/** How long a tunnel may take to seal a packet and send it. */
const LONGEST_US = 200_000;
/** With more messages of their sizes at their times nothing can be told. */
const MOST_CANDIDATES = 1000;

/**
 * How many of the lost packets have a message of their own: one that may hold so many bytes, at their time, give or take
 * `slackUs`, that none of the packets that came through needs. `spare`: as many more would have fitted as well, so that
 * those may be other packets' messages; Infinity where there were too many to tell.
 */
export function matchSealed(
  { lost, passed }: { readonly lost: readonly BarePacket[]; readonly passed: readonly BarePacket[] },
  messages: readonly SealedMessage[],
  by: { readonly format: SealedFormat; readonly slackUs: number },
): { readonly seen: number; readonly spare: number } {
  const fits = (packet: BarePacket, message: SealedMessage): boolean =>
    message.timeUs >= packet.timeUs - by.slackUs &&
    message.timeUs <= packet.timeUs + LONGEST_US + by.slackUs &&
    by.format.mayHold(message.payloadBytes, packet.ipBytes);
  const fitting = (packets: readonly BarePacket[]): readonly SealedMessage[] =>
    messages.filter((message) => packets.some((packet) => fits(packet, message)));
  const candidates = fitting(lost);
  if (candidates.length > MOST_CANDIDATES) return { seen: 0, spare: Infinity };
  const rivals = passed.filter((packet) => candidates.some((message) => fits(packet, message)));
  if (rivals.length > MOST_CANDIDATES) return { seen: 0, spare: Infinity };
  const free = new Set([...candidates, ...fitting(rivals)]);
  const take = (packet: BarePacket): boolean => {
    const distance = ({ timeUs }: SealedMessage): number => Math.abs(timeUs - packet.timeUs);
    const [nearest] = [...free].filter((one) => fits(packet, one)).sort((a, b) => distance(a) - distance(b));
    return nearest !== undefined && free.delete(nearest);
  };
  for (const packet of rivals) take(packet);
  const seen = lost.filter(take).length;
  return { seen, spare: candidates.filter((message) => free.has(message)).length };
}
