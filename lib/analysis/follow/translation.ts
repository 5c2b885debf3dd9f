import { PROTOCOL } from "../dissect/packet.js";
import type { Connections } from "./connections.js";
import { REQUEST } from "./ends.js";
import type { InFlight } from "./flight.js";
import type { Tuples } from "./tuples.js";

/** Longer than one machine takes to translate a packet that the same place shows before and behind it. */
export const TURN_US = 500;

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
  if (!isUnmistakable(slot, { before, row }, state)) return false;
  // Nothing is sent back to where it came from: that would be an answer that repeats the question.
  return !connections.isTurnedBack(before, row, flight.direction[slot] === REQUEST);
}

/**
 * Datagrams without an IP id that say the same are those of two clients as soon as of a translated one: that has other
 * addresses, and where one place shows both, at once.
 */
function isUnmistakable(
  slot: number,
  { before, row }: { readonly before: number; readonly row: number },
  { flight, tuples }: State,
): boolean {
  if (flight.ipId[slot] !== 0 || tuples.protocol(row) === PROTOCOL.tcp) return true;
  if (tuples.hasSameAddresses(before, row)) return false;
  return !flight.isPassedAgain || flight.sought.timeUs - flight.lastUs[slot]! < TURN_US;
}
