import { END, type Chains } from "./chains.js";
import type { Connection } from "./connection.js";
import { NONE, type InFlight } from "../flight.js";
import { CLOCK_ERROR_US } from "../clocks/limits.js";
import { takeRange } from "./ranges.js";
import type { PlaceSets } from "../sets.js";
import { TRAIT } from "../traits.js";

/** So many packets of a stream are looked at for those that share bytes with a new one. */
const MOST_STEPS = 256;
const NOWHERE = { whole: 0, any: 0 } as const;

/** Where and of what connection a new packet shows, and whether its direction begins there. */
interface New {
  readonly connection: Connection;
  readonly place: number;
  readonly isAtBase: boolean;
}

/**
 * Ties packets together that carry the same bytes in other frames: a segment that GSO cut into pieces and GRO joined
 * again, a datagram and its fragments; and counts, a place, how many bytes of a packet showed there in other frames.
 * Two frames that a place has shown are two transmissions, so that no byte of a new packet is tied to both: the newer
 * has it, since a retransmission comes after what it repeats.
 */
export class Pieces {
  /** Of the packets that the one at hand is tied to: their bytes of it, and the places that showed them. */
  private readonly tied: { from: number; to: number; set: number }[] = [];

  constructor(
    private readonly flight: InFlight,
    private readonly sets: PlaceSets,
    private readonly chains: Chains,
  ) {}

  /** To be called once for a packet with bytes, at the place that shows it first. */
  trace(slot: number, connection: Connection, place: number): void {
    const { flight } = this;
    const direction = flight.direction[slot] as 0 | 1;
    const isAtBase = connection.streams[direction].base === place;
    if (isAtBase && connection.streams[direction].orphans === 0) return;
    const at = { connection, place, isAtBase };
    const missing = this.findOthers(slot, at);
    if (isAtBase) return;
    // What was doubled goes on doubled: else a copy would stand for a packet that was lost.
    if (this.tied.length === 0 && flight.isCopy(slot)) {
      flight.traits[slot]! |= TRAIT.copy;
      this.findOthers(slot, at);
    }
    // Its bytes were sent before it shows; whether again, the frames say that it was cut from.
    flight.traits[slot]! &= ~TRAIT.again;
    if (this.tied.length > 0) flight.traits[slot]! |= TRAIT.cut;
    if (missing.length === 0) return;
    flight.traits[slot]! |= TRAIT.orphan;
    connection.streams[direction].orphans++;
  }

  /** Ties a new packet to all that have its bytes; what is in none of them is left. */
  private findOthers(slot: number, at: New): readonly number[] {
    const { flight, tied } = this;
    const [start, end] = [flight.rangeStart[slot]!, flight.rangeEnd[slot]!];
    const missing = [start, end];
    tied.length = 0;
    let other = flight.olderOfStream[slot]!;
    for (let step = 0; other !== NONE && step < MOST_STEPS; step++, other = flight.olderOfStream[other]!) {
      const [from, to] = [Math.max(start, flight.rangeStart[other]!), Math.min(end, flight.rangeEnd[other]!)];
      if (at.isAtBase && flight.firstUs[slot]! - flight.firstUs[other]! >= CLOCK_ERROR_US) break;
      if (from >= to || !this.mayShare(slot, other, at)) continue;
      const bytes = this.countFree(other, { from, to, place: at.place });
      if (bytes === 0) continue;
      takeRange(missing, from, to);
      tied.push({ from, to, set: flight.set[other]! });
      this.tie(slot, other, bytes);
      this.releaseFound(other, at.connection, at.place);
    }
    return missing;
  }

  /**
   * To be called once for a packet with bytes that were sent before, when `trace` has told what it was cut from: if from
   * nothing, they were sent again.
   */
  noteRepeat(slot: number): void {
    const { flight } = this;
    if ((flight.traits[slot]! & TRAIT.cut) !== 0) return;
    const [start, end] = [flight.rangeStart[slot]!, flight.rangeEnd[slot]!];
    let other = flight.olderOfStream[slot]!;
    for (let step = 0; other !== NONE && step < MOST_STEPS; step++, other = flight.olderOfStream[other]!) {
      if (flight.rangeStart[other]! >= end || flight.rangeEnd[other]! <= start) continue;
      flight.traits[other]! |= TRAIT.repeated;
      flight.traits[slot]! |= TRAIT.repeated;
    }
  }

  /** To be called where a packet shows again: what shares bytes with it has come as far, in other frames. */
  carry(slot: number, place: number): void {
    const { flight, chains } = this;
    for (let at = flight.ties[slot]!; at !== END; at = chains.next[at]!)
      this.showElsewhere(chains.key[at]!, place, chains.bytes[at]!);
  }

  /** An orphan of which all bytes were found, or that has shown where its direction begins, or is forgotten. */
  release(slot: number, connection: Connection): void {
    const { flight } = this;
    if ((flight.traits[slot]! & TRAIT.orphan) === 0) return;
    flight.traits[slot]! &= ~TRAIT.orphan;
    connection.streams[flight.direction[slot] as 0 | 1].orphans--;
  }

  /** The places that showed all of a packet's bytes in other frames, and those that showed any. */
  elsewhere(slot: number): { readonly whole: number; readonly any: number } {
    const { flight, chains, sets } = this;
    if (flight.elsewhere[slot] === END) return NOWHERE;
    const length = flight.rangeEnd[slot]! - flight.rangeStart[slot]!;
    let [whole, any] = [0, 0];
    for (let at = flight.elsewhere[slot]!; at !== END; at = chains.next[at]!) {
      any = sets.add(any, chains.key[at]!);
      if (chains.bytes[at]! >= length) whole = sets.add(whole, chains.key[at]!);
    }
    return { whole, any };
  }

  private mayShare(slot: number, other: number, at: New): boolean {
    const { flight, sets } = this;
    if (at.connection.isFragmented && flight.ipId[other] !== flight.ipId[slot]) return false;
    if (sets.has(flight.set[other]!, at.place)) return false;
    // A retransmission has another time stamp than what it repeats; a snap length may have cut it off.
    const [stamp, otherStamp] = [flight.stamp[slot]!, flight.stamp[other]!];
    if (stamp !== otherStamp && stamp !== 0 && otherStamp !== 0) return false;
    if (((flight.traits[other]! ^ flight.traits[slot]!) & TRAIT.copy) !== 0) return false;
    return !at.isAtBase || (flight.traits[other]! & TRAIT.orphan) !== 0;
  }

  /**
   * How many bytes of a range that an older packet has may be those of the new one: its places have them in no newer
   * packet, and the new one's place has not shown them yet.
   */
  private countFree(other: number, { from, to, place }: { from: number; to: number; place: number }): number {
    const { flight, chains, sets } = this;
    const left = [from, to];
    for (const one of this.tied)
      if (sets.meet(one.set, flight.set[other]!)) takeRange(left, one.from, one.to);
    for (let at = flight.ties[other]!; at !== END && left.length > 0; at = chains.next[at]!) {
      const shown = chains.key[at]!;
      if (sets.has(flight.set[shown]!, place))
        takeRange(left, flight.rangeStart[shown]!, flight.rangeEnd[shown]!);
    }
    let bytes = 0;
    for (let index = 0; index < left.length; index += 2) bytes += left[index + 1]! - left[index]!;
    return bytes;
  }

  private tie(slot: number, other: number, bytes: number): void {
    const { flight, chains, sets } = this;
    // A piece of what was sent twice was.
    if ((flight.traits[other]! & (TRAIT.again | TRAIT.repeated)) !== 0)
      flight.traits[slot]! |= TRAIT.repeated;
    flight.ties[slot] = chains.push(flight.ties[slot]!, other, bytes);
    flight.ties[other] = chains.push(flight.ties[other]!, slot, bytes);
    for (let place = 0; place < sets.places; place++) {
      if (sets.has(flight.set[slot]!, place)) this.showElsewhere(other, place, bytes);
      if (sets.has(flight.set[other]!, place)) this.showElsewhere(slot, place, bytes);
    }
  }

  private showElsewhere(slot: number, place: number, bytes: number): void {
    const { flight, chains, sets } = this;
    if (sets.has(flight.set[slot]!, place)) return;
    flight.elsewhere[slot] = chains.add(flight.elsewhere[slot]!, place, bytes);
  }

  private releaseFound(slot: number, connection: Connection, place: number): void {
    if ((this.flight.traits[slot]! & TRAIT.orphan) === 0) return;
    if (this.sets.has(this.elsewhere(slot).whole, place)) this.release(slot, connection);
  }
}
