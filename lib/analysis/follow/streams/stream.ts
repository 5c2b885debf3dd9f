import { NONE } from "../flight.js";

/** One direction of a connection. */
export class Stream {
  /** The newest packet in flight. */
  newest = NONE;
  /** The place where its packets begin to show; -1 before the first. */
  base = NONE;
  /** Captures that begin late, and not all at once, show the first packets anywhere. */
  isBaseSure = false;
  /** How many packets in flight carry bytes that no frame before them was found to have. */
  orphans = 0;
  /** null before it is known. */
  firstSequence: number | null = null;
  /** The highest position so far. */
  highest = 0;
  /** Up to where the other side has all of it, as it said; null: it said nothing. */
  private acknowledged: number | null = null;

  unwrap(sequence: number): number {
    if (this.firstSequence === null) {
      this.firstSequence = sequence;
      return 0;
    }
    const relative = (sequence - this.firstSequence) | 0;
    return this.highest + ((relative - (this.highest | 0)) | 0);
  }

  /** A packet shows for the first time: of all places there, where every capture has begun. */
  begin(place: number, hasEveryBegun: boolean): void {
    if (this.isBaseSure || (this.base !== NONE && !hasEveryBegun)) return;
    this.base = place;
    this.isBaseSure = hasEveryBegun;
  }

  /** The other side says which byte it waits for. One that was never sent is of another connection. */
  acknowledge(sequence: number): void {
    if (this.firstSequence === null) return;
    const position = this.unwrap(sequence);
    if (position <= this.highest) this.acknowledged = Math.max(this.acknowledged ?? position, position);
  }

  /** Whether the other side has all bytes before a position. */
  isAcknowledged(end: number): boolean {
    return this.acknowledged !== null && end <= this.acknowledged;
  }

  /** Goes on as another one as well; gives how far that one's positions are from this one's. */
  adopt(other: Stream): number {
    this.orphans += other.orphans;
    if (other.firstSequence === null) return 0;
    this.firstSequence ??= other.firstSequence;
    const shift = (other.firstSequence - this.firstSequence) | 0;
    this.highest = Math.max(this.highest, other.highest + shift);
    if (other.acknowledged !== null)
      this.acknowledged = Math.max(this.acknowledged ?? -Infinity, other.acknowledged + shift);
    return shift;
  }
}
