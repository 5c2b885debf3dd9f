import { NONE, RETRY_US, type InFlight } from "../flight.js";
import type { PlaceSets } from "../sets.js";
import { TRAIT } from "../traits.js";
import { takeRange } from "./ranges.js";

/** So many packets of a stream are looked at. */
const MOST_STEPS = 256;

/**
 * Whether what looks like a packet in flight at the place sought is rather what was sent again since in other frames, and
 * merged to the same one (GSO, GRO): its place has shown none of them, and what was sent in between came by there, or took
 * a retransmission's time. Frames that are sent again as they were are told apart by `InFlight`.
 */
export function isSentAgainInPieces(
  slot: number,
  { flight, sets }: { readonly flight: InFlight; readonly sets: PlaceSets },
): boolean {
  if ((flight.traits[slot]! & TRAIT.repeated) === 0) return false;
  const { place } = flight.sought;
  const [start, end] = [flight.rangeStart[slot]!, flight.rangeEnd[slot]!];
  const missing = [start, end];
  const seenUs = flight.lastUs[slot]!;
  let isOvertaken = false;
  let newer = flight.newerOfStream[slot]!;
  for (let step = 0; newer !== NONE && step < MOST_STEPS; step++, newer = flight.newerOfStream[newer]!) {
    // What was seen on its way before it has not overtaken it.
    if (flight.lastUs[newer]! <= seenUs) continue;
    const [from, to] = [flight.rangeStart[newer]!, flight.rangeEnd[newer]!];
    const isWhole = from <= start && to >= end;
    isOvertaken ||= flight.firstUs[newer]! - flight.firstUs[slot]! >= RETRY_US;
    if (sets.has(flight.set[newer]!, place) || flight.isElsewhere(newer, place)) isOvertaken = true;
    else if (isOvertaken && !isWhole) takeRange(missing, from, to);
  }
  return missing.length === 0;
}
