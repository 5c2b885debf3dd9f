import { copyInto } from "./tables/columns.js";
const FIRST_CAPACITY = 4096;
const NONE = -1;

/** Where a packet stands: enough to find it again. */
export interface Sighting {
  /** Index of the place that showed it. */
  readonly source: number;
  /** By the first node's clock. */
  readonly timeUs: number;
  readonly frame: number;
  readonly recordOffset: number;
}

/** The sightings of packets in flight: lists in typed arrays, the newest first, so that memory grows with them alone. */
export class SightingPool {
  place: Int32Array = new Int32Array(FIRST_CAPACITY);
  timeUs: Float64Array = new Float64Array(FIRST_CAPACITY);
  frame: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  recordOffset: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Which pair of ends the packet had there. */
  row: Int32Array = new Int32Array(FIRST_CAPACITY);
  ttl: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  next: Int32Array = new Int32Array(FIRST_CAPACITY);
  private free = NONE;
  private used = 0;

  /** Puts a sighting before a list's head and gives the new head; its columns are the caller's to fill. */
  push(head: number): number {
    let at = this.free;
    if (at === NONE) {
      if (this.used === this.place.length) this.grow();
      at = this.used++;
    } else this.free = this.next[at]!;
    this.next[at] = head;
    return at;
  }

  release(head: number): void {
    if (head === NONE) return;
    let last = head;
    while (this.next[last] !== NONE) last = this.next[last]!;
    this.next[last] = this.free;
    this.free = head;
  }

  /** In the order in which they came. */
  list(head: number): Sighting[] {
    const found: Sighting[] = [];
    for (let at = head; at !== NONE; at = this.next[at]!)
      found.push({
        source: this.place[at]!,
        timeUs: this.timeUs[at]!,
        frame: this.frame[at]!,
        recordOffset: this.recordOffset[at]!,
      });
    return found.reverse();
  }

  private grow(): void {
    const size = this.place.length * 2;
    this.place = copyInto(new Int32Array(size), this.place);
    this.timeUs = copyInto(new Float64Array(size), this.timeUs);
    this.frame = copyInto(new Uint32Array(size), this.frame);
    this.recordOffset = copyInto(new Float64Array(size), this.recordOffset);
    this.row = copyInto(new Int32Array(size), this.row);
    this.ttl = copyInto(new Uint8Array(size), this.ttl);
    this.next = copyInto(new Int32Array(size), this.next);
  }
}
