import type { Connection } from "./connection.js";
import { NONE, TRAIT, type InFlight } from "./flight.js";
import type { PlaceSets } from "./sets.js";

/** So many packets of a stream are looked at for one that shares bytes with a new one. */
const MOST_STEPS = 256;
/** Two clocks may be so far apart, after correction, that a piece seems to come before what it was cut from. */
const CLOCK_ERROR_US = 50_000;

/**
 * Ties packets together that carry the same bytes in other frames: a segment that GSO cut into pieces and GRO joined
 * again, a datagram and its fragments. Each byte of a new packet belongs to one other: the newest that has it, since a
 * retransmission comes after what it repeats.
 */
export class Pieces {
  constructor(
    private readonly flight: InFlight,
    private readonly sets: PlaceSets,
  ) {}

  /** To be called once for a packet that a place has shown as the first one. */
  trace(slot: number, connection: Connection, place: number): void {
    const { flight } = this;
    const direction = flight.direction[slot] as 0 | 1;
    const isAtBase = connection.base[direction] === place;
    if (isAtBase && connection.orphans[direction] === 0) return;
    const range = [flight.rangeStart[slot]!, flight.rangeEnd[slot]!] as const;
    // Of its bytes: what is in no frame found so far, and in none that was not cut from another.
    const [left, whole]: [number[], number[]] = [[...range], isAtBase ? [] : [...range]];
    let other = flight.olderOfStream[slot]!;
    for (let step = 0; other !== NONE && left.length + whole.length > 0 && step < MOST_STEPS; step++) {
      if (this.mayShare(slot, other, { connection, place, isAtBase })) {
        if (left.length > 0) this.link(slot, other, { left, place, connection });
        if (whole.length > 0) this.carryOn(other, { range, whole, place });
      }
      other = flight.olderOfStream[other]!;
    }
    if (isAtBase) return;
    // Its bytes were sent before it shows; whether again, the frames say that it was cut from.
    flight.traits[slot]! &= ~TRAIT.again;
    if (flight.bornAt[slot] !== NONE) return;
    flight.traits[slot]! |= TRAIT.orphan;
    connection.orphans[direction]++;
  }

  /**
   * A packet that shows again whole, behind frames that were cut otherwise: what they have of its bytes has come as far,
   * of pieces all, of what it was joined into a part.
   */
  gather(slot: number, connection: Connection, place: number): void {
    this.gatherOlder(slot, connection, place);
    const { flight, sets } = this;
    const { isFragmented } = connection;
    const [start, end] = [flight.rangeStart[slot]!, flight.rangeEnd[slot]!];
    let piece = flight.newerOfStream[slot]!;
    for (let step = 0; piece !== NONE && step < MOST_STEPS; step++, piece = flight.newerOfStream[piece]!) {
      const [from, to] = [flight.rangeStart[piece]!, flight.rangeEnd[piece]!];
      const bytes = Math.min(end, to) - Math.max(start, from);
      if (flight.bornAt[piece] === NONE || bytes <= 0) continue;
      if (isFragmented && flight.ipId[piece] !== flight.ipId[slot]) continue;
      if (sets.has(flight.set[piece]!, place)) continue;
      const isElsewhere = flight.carriedAt[piece] !== NONE && flight.carriedAt[piece] !== place;
      if (isElsewhere && bytes < to - from) continue;
      flight.carriedBytes[piece] = Math.min(
        to - from,
        (isElsewhere ? 0 : flight.carriedBytes[piece]!) + bytes,
      );
      flight.carriedAt[piece] = place;
    }
  }

  /** What a packet was joined from has come as far as it: of frames with the same bytes the newest. */
  private gatherOlder(slot: number, { isFragmented }: Connection, place: number): void {
    const { flight, sets } = this;
    if (flight.bornAt[slot] === NONE) return;
    const left = [flight.rangeStart[slot]!, flight.rangeEnd[slot]!];
    let part = flight.olderOfStream[slot]!;
    for (let step = 0; part !== NONE && left.length > 0 && step < MOST_STEPS; step++) {
      const [from, to] = [flight.rangeStart[part]!, flight.rangeEnd[part]!];
      const isOther = isFragmented && flight.ipId[part] !== flight.ipId[slot];
      if (!isOther && take(left, from, to) === to - from && to > from) {
        if (flight.carriedAt[part] !== NONE && !sets.has(flight.set[part]!, place)) {
          flight.carriedBytes[part] = to - from;
          flight.carriedAt[part] = place;
        }
      }
      part = flight.olderOfStream[part]!;
    }
  }

  /** An orphan that has shown where its direction begins, or is forgotten. */
  release(slot: number, connection: Connection): void {
    const { flight } = this;
    if ((flight.traits[slot]! & TRAIT.orphan) === 0) return;
    flight.traits[slot]! &= ~TRAIT.orphan;
    connection.orphans[flight.direction[slot] as 0 | 1]--;
  }

  private mayShare(
    slot: number,
    other: number,
    at: { connection: Connection; place: number; isAtBase: boolean },
  ): boolean {
    const { flight, sets } = this;
    if (at.connection.isFragmented && flight.ipId[other] !== flight.ipId[slot]) return false;
    if (sets.has(flight.set[other]!, at.place)) return false;
    // A retransmission has another time stamp than what it repeats; a snap length may have cut it off.
    const [stamp, otherStamp] = [flight.stamp[slot]!, flight.stamp[other]!];
    if (stamp !== otherStamp && stamp !== 0 && otherStamp !== 0) return false;
    // What was doubled goes on doubled: else a copy would stand for a packet that was lost.
    if (((flight.traits[other]! ^ flight.traits[slot]!) & TRAIT.copy) !== 0) return false;
    if (!at.isAtBase) return true;
    const isOrphan = (flight.traits[other]! & TRAIT.orphan) !== 0;
    return isOrphan && flight.firstUs[slot]! - flight.firstUs[other]! < CLOCK_ERROR_US;
  }

  /** What had been joined and showed again behind that has come as far as a frame that it is joined in anew. */
  private carryOn(
    part: number,
    { range, whole, place }: { range: readonly [number, number]; whole: number[]; place: number },
  ): void {
    const { flight } = this;
    const [from, to] = [flight.rangeStart[part]!, flight.rangeEnd[part]!];
    const isCut = flight.bornAt[part] !== NONE;
    const bytes = isCut ? to - from : take(whole, from, to);
    if (flight.carriedAt[part] === NONE || from < range[0] || to > range[1] || bytes < to - from) return;
    flight.carriedBytes[part] = to - from;
    flight.carriedAt[part] = place;
  }

  private link(
    slot: number,
    other: number,
    at: { left: number[]; place: number; connection: Connection },
  ): void {
    const { flight } = this;
    const bytes = take(at.left, flight.rangeStart[other]!, flight.rangeEnd[other]!);
    if (bytes === 0) return;
    flight.bornBytes[slot]! += bytes;
    flight.bornAt[slot] = flight.firstPlace(other);
    flight.carriedBytes[other]! += bytes;
    flight.carriedAt[other] = at.place;
    this.release(other, at.connection);
  }
}

/** Takes a range out of a list of ranges (start, end, start, end…) and says how many bytes of it were there. */
function take(left: number[], start: number, end: number): number {
  let bytes = 0;
  for (let index = 0; index < left.length; index += 2) {
    const [low, high] = [left[index]!, left[index + 1]!];
    const [from, to] = [Math.max(low, start), Math.min(high, end)];
    if (from >= to) continue;
    bytes += to - from;
    const rest = [low, from, to, high].filter((_, at) => (at < 2 ? low < from : to < high));
    left.splice(index, 2, ...rest);
    index += rest.length - 2;
  }
  return bytes;
}
