import type { InFlight } from "../flight.js";
import { NONE } from "../flight.js";
import { TRAIT } from "../traits.js";
import type { Connection } from "./connection.js";

/** Two clocks may be so far apart, after correction. */
export const CLOCK_ERROR_US = 10_000;

interface State {
  readonly flight: InFlight;
  /** From when on all captures were going on, by the first node's clock. */
  readonly allFromUs: number;
}

/**
 * Where the directions of a connection begin to show, by a packet that has just shown at another place: its own at the
 * first of its places, and the other one, before it is known better, at the last. A capture that begins under traffic may
 * show the first packet of all in the middle of its way.
 */
export function settleBases(slot: number, connection: Connection, state: State): void {
  const { flight } = state;
  const direction = flight.direction[slot] as 0 | 1;
  const [own, opposite] = [connection.streams[direction], connection.streams[direction === 0 ? 1 : 0]];
  if (!own.isBaseSure && (flight.traits[slot]! & (TRAIT.cut | TRAIT.copy)) === 0) {
    own.isBaseSure = flight.firstUs[slot]! >= state.allFromUs + CLOCK_ERROR_US;
    own.base = firstPlace(slot, flight);
  }
  if (opposite.isBaseSure || opposite.base === NONE || state.allFromUs === -Infinity) return;
  const { sightings } = flight;
  const last = sightings.place[flight.sighting[slot]!]!;
  for (let at = flight.sighting[slot]!; at !== NONE; at = sightings.next[at]!)
    if (sightings.place[at] === opposite.base) opposite.base = last;
}

function firstPlace(slot: number, { sightings, sighting }: InFlight): number {
  let place = NONE;
  for (let at = sighting[slot]!; at !== NONE; at = sightings.next[at]!) place = sightings.place[at]!;
  return place;
}
