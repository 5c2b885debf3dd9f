import { PROTOCOL } from "../dissect/packet.js";
import type { Connections } from "./streams/connections.js";
import { REQUEST } from "./ends.js";
import { NONE, TURN_US, type InFlight } from "./flight.js";
import type { Tuples } from "./tables/tuples.js";

interface State {
  readonly flight: InFlight;
  readonly tuples: Tuples;
  readonly connections: Connections;
}

/** Whether the packet sought, between the ends of `row`, may be one in flight with other addresses. */
export function mayBeTranslated(slot: number, row: number, state: State): boolean {
  const { flight, tuples, connections } = state;
  const before = flight.sightings.row[flight.sighting[slot]!]!;
  if (tuples.protocol(before) !== tuples.protocol(row)) return false;
  if (!isUnmistakable(slot, row, state)) return false;
  // Nothing is sent back to where it came from: that would be an answer that repeats the question.
  return !connections.isTurnedBack(before, row, flight.direction[slot] === REQUEST);
}

/** Whether the client of the packet sought is that of one in flight: most translations are of the server's end alone. */
export function isOfSameClient(slot: number, row: number, { flight, tuples }: State): boolean {
  const before = flight.sightings.row[flight.sighting[slot]!]!;
  const clientIsA = tuples.fromA === (flight.direction[slot] === REQUEST);
  return tuples.isSameEnd(before, tuples.clientIsA(before), row, clientIsA);
}

/**
 * Datagrams without an IP id that say the same are those of two clients as soon as of a translated one: that has other
 * addresses than anywhere before, and where one place shows both, at once.
 */
function isUnmistakable(slot: number, row: number, { flight, tuples }: State): boolean {
  if (flight.ipId[slot] !== 0 || tuples.protocol(row) === PROTOCOL.tcp) return true;
  const { sightings } = flight;
  for (let at = flight.sighting[slot]!; at !== NONE; at = sightings.next[at]!)
    if (tuples.hasSameAddresses(sightings.row[at]!, row)) return false;
  return !flight.isPassedAgain || flight.sought.timeUs - flight.lastUs[slot]! < TURN_US;
}
