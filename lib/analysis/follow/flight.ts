import { Chains, END } from "./streams/chains.js";
import { copyInto } from "./tables/columns.js";
import type { PlaceSets } from "./sets.js";
import { TRAIT } from "./traits.js";
import { SightingPool } from "./sightings.js";

const FIRST_CAPACITY = 1024;
/** So many packets may be on their way at once before the oldest is judged early. */
const MOST_IN_FLIGHT = 1 << 17;
/** Steps along one hash chain: a bound against captures made of one packet repeated. */
const MOST_STEPS = 32;
/** A second occurrence that is at least this old is a retry, not the same burst. */
export const RETRY_US = 150_000;
/** Longer than one machine takes to translate a packet that the same place shows before and behind it. */
export const TURN_US = 500;
export const NONE = -1;

/** The packet that is looked for, filled in place. */
interface Sought {
  first: number;
  second: number;
  place: number;
  timeUs: number;
  row: number;
  ttl: number;
}

/** Whether a packet in flight may be the one that is looked for, apart from its key. */
export type Accept = (slot: number) => boolean;

/**
 * Packets that some place has shown and that may show at others yet: a hash table of typed arrays with chained buckets
 * and a list from oldest to newest. A slot is a number; its columns are read through the arrays.
 */
export class InFlight {
  readonly sought: Sought = { first: 0, second: 0, place: 0, timeUs: 0, row: 0, ttl: 0 };
  readonly sightings = new SightingPool();
  readonly chains = new Chains();
  connection: Int32Array;
  direction: Uint8Array;
  traits: Uint16Array;
  /** The set of places that showed it. */
  set: Int32Array;
  ipBytes: Int32Array;
  ipId: Int32Array;
  /** TCP's time stamp; 0: none. */
  stamp: Int32Array;
  firstUs: Float64Array;
  lastUs: Float64Array;
  /** Bytes of its stream that the packet carries; start = end where it can have none. */
  rangeStart: Float64Array;
  rangeEnd: Float64Array;
  /** Packets that share bytes with it in other frames (GSO, GRO, fragments), and how many: a list of `chains`. */
  ties: Int32Array;
  /** How many bytes of it a place showed in other frames: a list of `chains`. */
  elsewhere: Int32Array;
  /** The next older and newer packet of the same direction of the same connection. */
  olderOfStream: Int32Array;
  newerOfStream: Int32Array;
  /** The newest of its sightings. */
  sighting: Int32Array;
  oldest = NONE;
  size = 0;
  /** Of the last `find`: the place had shown the packet before, with other addresses or a lower TTL. */
  isPassedAgain = false;

  private first: Int32Array;
  private second: Int32Array;
  private nextInBucket: Int32Array;
  private previousInBucket: Int32Array;
  older: Int32Array;
  private newer: Int32Array;
  private buckets: Int32Array;
  newest = NONE;
  private free = NONE;
  private used = 0;
  private capacity = FIRST_CAPACITY;

  constructor(private readonly sets: PlaceSets) {
    const slots = this.capacity;
    const int32 = (): Int32Array => new Int32Array(slots);
    this.connection = int32();
    this.direction = new Uint8Array(slots);
    this.traits = new Uint16Array(slots);
    this.set = int32();
    this.ipBytes = int32();
    this.ipId = int32();
    this.stamp = int32();
    this.firstUs = new Float64Array(slots);
    this.lastUs = new Float64Array(slots);
    this.rangeStart = new Float64Array(slots);
    this.rangeEnd = new Float64Array(slots);
    this.ties = int32();
    this.elsewhere = int32();
    this.olderOfStream = int32();
    this.newerOfStream = int32();
    this.sighting = int32();
    this.first = int32();
    this.second = int32();
    this.nextInBucket = int32();
    this.previousInBucket = int32();
    this.older = int32();
    this.newer = int32();
    this.buckets = new Int32Array(slots * 2).fill(NONE);
  }

  get isFull(): boolean {
    return this.size >= MOST_IN_FLIGHT;
  }

  /**
   * The occurrence of the packet sought that its place has not shown yet: the oldest one, unless that is old enough to
   * be a try before this one. Else one that comes by the place again: translated, or after another router. Else NONE.
   */
  find(accept: Accept): number {
    const { sets, buckets, sought } = this;
    const { first, second, place, timeUs } = sought;
    let slot = buckets[first & (buckets.length - 1)]!;
    let found = NONE;
    let isFoundRecent = false;
    let again = NONE;
    for (let step = 0; slot !== NONE && step < MOST_STEPS; step++, slot = this.nextInBucket[slot]!) {
      if (this.first[slot] !== first || this.second[slot] !== second || !accept(slot)) continue;
      const isRecent = timeUs - this.firstUs[slot]! < RETRY_US;
      // The chain goes from newest to oldest.
      if (!sets.has(this.set[slot]!, place)) {
        if (this.isElsewhere(slot, place)) continue;
        // What only looks doubled, where its direction seemed to begin, stands behind what was sent.
        const isBehind = found !== NONE && this.isDoubled(slot) && !this.isDoubled(found);
        if (found === NONE || (isRecent && !isBehind)) found = slot;
        isFoundRecent ||= isRecent;
      } else if (again === NONE && this.comesAgain(slot)) again = slot;
    }
    this.isPassedAgain = again !== NONE && (!isFoundRecent || this.turns(again, found));
    return this.isPassedAgain ? again : found;
  }

  /** Adds the packet sought, of which nothing is known yet. */
  add(): number {
    const slot = this.take();
    const { first, second, timeUs } = this.sought;
    this.first[slot] = first;
    this.second[slot] = second;
    this.chain(slot);
    this.older[slot] = this.newest;
    this.newer[slot] = NONE;
    if (this.newest === NONE) this.oldest = slot;
    else this.newer[this.newest] = slot;
    this.newest = slot;
    this.traits[slot] = 0;
    this.set[slot] = 0;
    this.firstUs[slot] = timeUs;
    this.rangeStart[slot] = 0;
    this.rangeEnd[slot] = 0;
    this.ties[slot] = END;
    this.elsewhere[slot] = END;
    this.olderOfStream[slot] = NONE;
    this.newerOfStream[slot] = NONE;
    this.sighting[slot] = NONE;
    this.size++;
    return slot;
  }

  remove(slot: number): void {
    this.unchain(slot);
    const older = this.older[slot]!;
    const newer = this.newer[slot]!;
    if (older === NONE) this.oldest = newer;
    else this.newer[older] = newer;
    if (newer === NONE) this.newest = older;
    else this.older[newer] = older;
    this.sightings.release(this.sighting[slot]!);
    this.untie(slot);
    this.nextInBucket[slot] = this.free;
    this.free = slot;
    this.set[slot] = 0;
    this.size--;
  }

  /** Whether a packet is the same as one that the place sought has shown shortly before: the network doubled it. */
  isCopy(slot: number): boolean {
    const { first, second, place, timeUs } = this.sought;
    let other = this.nextInBucket[slot]!;
    for (let step = 0; other !== NONE && step < MOST_STEPS; step++, other = this.nextInBucket[other]!) {
      if (this.first[other] !== first || this.second[other] !== second) continue;
      if (this.connection[other] !== this.connection[slot]) continue;
      if (timeUs - this.lastUs[other]! < RETRY_US && this.sets.has(this.set[other]!, place)) return true;
    }
    return false;
  }

  /** Whether a place has shown all bytes of a packet in other frames. */
  isElsewhere(slot: number, place: number): boolean {
    const { chains } = this;
    for (let at = this.elsewhere[slot]!; at !== END; at = chains.next[at]!)
      if (chains.key[at] === place) return chains.bytes[at]! >= this.rangeEnd[slot]! - this.rangeStart[slot]!;
    return false;
  }

  private untie(slot: number): void {
    const { chains, ties } = this;
    for (let at = ties[slot]!; at !== END; at = chains.next[at]!) {
      const other = chains.key[at]!;
      ties[other] = chains.without(ties[other]!, slot);
    }
    chains.release(ties[slot]!);
    chains.release(this.elsewhere[slot]!);
  }

  private isDoubled(slot: number): boolean {
    return (this.traits[slot]! & TRAIT.copy) !== 0;
  }

  private comesAgain(slot: number): boolean {
    const { place, row, ttl, timeUs } = this.sought;
    const { sightings } = this;
    for (let at = this.sighting[slot]!; at !== NONE; at = sightings.next[at]!) {
      if (sightings.place[at] !== place) continue;
      // By one clock: those of two nodes may be farther apart.
      if (timeUs - sightings.timeUs[at]! >= RETRY_US) return false;
      return sightings.row[at] !== row || ttl < sightings.ttl[at]!;
    }
    return false;
  }

  /** Whether of two packets alike one has just shown here, later than the other anywhere, and has other ends now. */
  private turns(again: number, found: number): boolean {
    const { sightings, sought } = this;
    const [here, before] = [this.sighting[again]!, this.sighting[found]!];
    const shownUs = sightings.timeUs[here]!;
    if (sightings.place[here] !== sought.place || shownUs < sightings.timeUs[before]!) return false;
    if (sightings.row[here] === sought.row || sightings.row[before] === sought.row) return false;
    return sought.timeUs - shownUs < TURN_US;
  }

  private chain(slot: number): void {
    const bucket = this.first[slot]! & (this.buckets.length - 1);
    const next = this.buckets[bucket]!;
    this.nextInBucket[slot] = next;
    this.previousInBucket[slot] = NONE;
    if (next !== NONE) this.previousInBucket[next] = slot;
    this.buckets[bucket] = slot;
  }

  private unchain(slot: number): void {
    const previous = this.previousInBucket[slot]!;
    const next = this.nextInBucket[slot]!;
    if (previous === NONE) this.buckets[this.first[slot]! & (this.buckets.length - 1)] = next;
    else this.nextInBucket[previous] = next;
    if (next !== NONE) this.previousInBucket[next] = previous;
  }

  private take(): number {
    if (this.free !== NONE) {
      const slot = this.free;
      this.free = this.nextInBucket[slot]!;
      return slot;
    }
    if (this.used === this.capacity) this.grow();
    return this.used++;
  }

  private grow(): void {
    this.capacity *= 2;
    const slots = this.capacity;
    const int32 = (from: Int32Array): Int32Array => copyInto(new Int32Array(slots), from);
    const float64 = (from: Float64Array): Float64Array => copyInto(new Float64Array(slots), from);
    this.connection = int32(this.connection);
    this.direction = copyInto(new Uint8Array(slots), this.direction);
    this.traits = copyInto(new Uint16Array(slots), this.traits);
    this.set = int32(this.set);
    this.ipBytes = int32(this.ipBytes);
    this.ipId = int32(this.ipId);
    this.stamp = int32(this.stamp);
    this.firstUs = float64(this.firstUs);
    this.lastUs = float64(this.lastUs);
    this.rangeStart = float64(this.rangeStart);
    this.rangeEnd = float64(this.rangeEnd);
    this.ties = int32(this.ties);
    this.elsewhere = int32(this.elsewhere);
    this.olderOfStream = int32(this.olderOfStream);
    this.newerOfStream = int32(this.newerOfStream);
    this.sighting = int32(this.sighting);
    this.first = int32(this.first);
    this.second = int32(this.second);
    this.nextInBucket = int32(this.nextInBucket);
    this.previousInBucket = int32(this.previousInBucket);
    this.older = int32(this.older);
    this.newer = int32(this.newer);
    this.rehash();
  }

  /** Oldest first, so that each chain again goes from newest to oldest. */
  private rehash(): void {
    this.buckets = new Int32Array(this.capacity * 2).fill(NONE);
    for (let slot = this.oldest; slot !== NONE; slot = this.newer[slot]!) this.chain(slot);
  }
}
