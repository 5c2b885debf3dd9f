import type { Stream } from "./streams.js";

const FIRST_CAPACITY = 1024;
/** So many packets may be on their way at once before the oldest is judged early. */
const MOST_IN_FLIGHT = 1 << 18;
/** Steps along one hash chain: a bound against captures made of one packet repeated. */
const MOST_STEPS = 32;
/** A second occurrence that is at least this old is a retry, not the same burst. */
const RETRY_US = 150_000;
const NONE = -1;

/**
 * Packets seen at some hop and not yet at every hop: a hash table of typed arrays with chained buckets and
 * a list from oldest to newest. A slot is a number; its columns are read through the arrays.
 */
export class InFlight {
  mask: Int32Array;
  direction: Uint8Array;
  own: Uint8Array;
  /** The packet occupies no sequence space: a bare ACK. */
  bare: Uint8Array;
  ipBytes: Int32Array;
  ipId: Int32Array;
  firstUs: Float64Array;
  /** Bytes of its stream that the packet carries; start = end where it can have none. */
  rangeStart: Float64Array;
  rangeEnd: Float64Array;
  /** By slot × hop. */
  timesUs: Float64Array;
  frames: Uint32Array;
  offsets: Float64Array;
  readonly streams: (Stream | null)[] = [];
  oldest = NONE;
  size = 0;

  private first: Int32Array;
  private second: Int32Array;
  private nextInBucket: Int32Array;
  private previousInBucket: Int32Array;
  private older: Int32Array;
  private newer: Int32Array;
  private buckets: Int32Array;
  private newest = NONE;
  private free = NONE;
  private used = 0;
  private capacity = FIRST_CAPACITY;

  constructor(private readonly hopCount: number) {
    const slots = this.capacity;
    this.mask = new Int32Array(slots);
    this.direction = new Uint8Array(slots);
    this.own = new Uint8Array(slots);
    this.bare = new Uint8Array(slots);
    this.ipBytes = new Int32Array(slots);
    this.ipId = new Int32Array(slots);
    this.firstUs = new Float64Array(slots);
    this.rangeStart = new Float64Array(slots);
    this.rangeEnd = new Float64Array(slots);
    this.timesUs = new Float64Array(slots * hopCount);
    this.frames = new Uint32Array(slots * hopCount);
    this.offsets = new Float64Array(slots * hopCount);
    this.first = new Int32Array(slots);
    this.second = new Int32Array(slots);
    this.nextInBucket = new Int32Array(slots);
    this.previousInBucket = new Int32Array(slots);
    this.older = new Int32Array(slots);
    this.newer = new Int32Array(slots);
    this.buckets = new Int32Array(slots * 2).fill(NONE);
  }

  get isFull(): boolean {
    return this.size >= MOST_IN_FLIGHT;
  }

  /**
   * The occurrence of this packet that a hop has not shown yet: the oldest one, unless that is old enough
   * to be a try before this one. NONE (-1) where there is none.
   */
  find(first: number, second: number, at: { bit: number; timeUs: number }): number {
    let slot = this.buckets[first & (this.buckets.length - 1)]!;
    let found = NONE;
    for (let step = 0; slot !== NONE && step < MOST_STEPS; step++, slot = this.nextInBucket[slot]!) {
      if (this.first[slot] !== first || this.second[slot] !== second || (this.mask[slot]! & at.bit) !== 0)
        continue;
      // The chain goes from newest to oldest.
      if (found === NONE || at.timeUs - this.firstUs[slot]! < RETRY_US) found = slot;
    }
    return found;
  }

  add(first: number, second: number, timeUs: number): number {
    const slot = this.take();
    this.first[slot] = first;
    this.second[slot] = second;
    this.chain(slot);
    this.older[slot] = this.newest;
    this.newer[slot] = NONE;
    if (this.newest === NONE) this.oldest = slot;
    else this.newer[this.newest] = slot;
    this.newest = slot;
    this.mask[slot] = 0;
    this.own[slot] = 0;
    this.bare[slot] = 0;
    this.firstUs[slot] = timeUs;
    this.rangeStart[slot] = 0;
    this.rangeEnd[slot] = 0;
    this.streams[slot] = null;
    this.size++;
    return slot;
  }

  remove(slot: number): void {
    this.unchain(slot);
    const [older, newer] = [this.older[slot]!, this.newer[slot]!];
    if (older === NONE) this.oldest = newer;
    else this.newer[older] = newer;
    if (newer === NONE) this.newest = older;
    else this.older[newer] = older;
    this.streams[slot] = null;
    this.nextInBucket[slot] = this.free;
    this.free = slot;
    this.size--;
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
    const [previous, next] = [this.previousInBucket[slot]!, this.nextInBucket[slot]!];
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
    const hops = this.hopCount;
    this.mask = copyInto(new Int32Array(slots), this.mask);
    this.direction = copyInto(new Uint8Array(slots), this.direction);
    this.own = copyInto(new Uint8Array(slots), this.own);
    this.bare = copyInto(new Uint8Array(slots), this.bare);
    this.ipBytes = copyInto(new Int32Array(slots), this.ipBytes);
    this.ipId = copyInto(new Int32Array(slots), this.ipId);
    this.firstUs = copyInto(new Float64Array(slots), this.firstUs);
    this.rangeStart = copyInto(new Float64Array(slots), this.rangeStart);
    this.rangeEnd = copyInto(new Float64Array(slots), this.rangeEnd);
    this.timesUs = copyInto(new Float64Array(slots * hops), this.timesUs);
    this.frames = copyInto(new Uint32Array(slots * hops), this.frames);
    this.offsets = copyInto(new Float64Array(slots * hops), this.offsets);
    this.first = copyInto(new Int32Array(slots), this.first);
    this.second = copyInto(new Int32Array(slots), this.second);
    this.nextInBucket = copyInto(new Int32Array(slots), this.nextInBucket);
    this.previousInBucket = copyInto(new Int32Array(slots), this.previousInBucket);
    this.older = copyInto(new Int32Array(slots), this.older);
    this.newer = copyInto(new Int32Array(slots), this.newer);
    this.rehash();
  }

  /** Oldest first, so that each chain again goes from newest to oldest. */
  private rehash(): void {
    this.buckets = new Int32Array(this.capacity * 2).fill(NONE);
    for (let slot = this.oldest; slot !== NONE; slot = this.newer[slot]!) this.chain(slot);
  }
}

function copyInto<T extends Int32Array | Uint8Array | Uint32Array | Float64Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
