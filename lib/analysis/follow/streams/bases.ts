import type { InFlight } from "../flight.js";
import { NONE } from "../flight.js";
import { CLOCK_ERROR_US } from "../clocks/limits.js";
import { TRAIT } from "../traits.js";
import type { Connection } from "./connection.js";

/** What is known of where streams begin. */
export interface Begun {
  readonly flight: InFlight;
  /** From when on all captures were going on, by the first node's clock. */
  readonly allFromUs: number;
}

/**
 * Where the directions of a connection begin to show, by a packet that has just shown at another place: its own at the
 * first of its places, and the other one, before it is known better, at the last. A capture that begins under traffic may
 * show the first packet of all in the middle of its way.
 */
export function settleBases(slot: number, connection: Connection, begun: Begun): void {
  const { flight } = begun;
  const direction = flight.direction[slot] as 0 | 1;
  const [own, opposite] = [connection.streams[direction], connection.streams[direction === 0 ? 1 : 0]];
  if (!own.isBaseSure && (flight.traits[slot]! & (TRAIT.cut | TRAIT.copy)) === 0) {
    own.isBaseSure = hasEveryBegun(flight.firstUs[slot]!, begun);
    own.base = firstPlace(slot, flight);
  }
  if (opposite.isBaseSure || opposite.base === NONE || begun.allFromUs === -Infinity) return;
  const { sightings } = flight;
  const last = sightings.place[flight.sighting[slot]!]!;
  for (let at = flight.sighting[slot]!; at !== NONE; at = sightings.next[at]!)
    if (sightings.place[at] === opposite.base) opposite.base = last;
}

/** Whether all captures surely went on at a time. */
export function hasEveryBegun(timeUs: number, { allFromUs }: Begun): boolean {
  return timeUs >= allFromUs + CLOCK_ERROR_US;
}

function firstPlace(slot: number, { sightings, sighting }: InFlight): number {
  let place = NONE;
  for (let at = sighting[slot]!; at !== NONE; at = sightings.next[at]!) place = sightings.place[at]!;
  return place;
}
