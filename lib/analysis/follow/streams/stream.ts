import { NONE } from "../flight.js";

/** One direction of a connection. */
export class Stream {
  /** The newest packet in flight. */
  newest = NONE;
  /** The place where its packets begin to show; -1 before the first. */
  base = NONE;
  /** How many packets in flight carry bytes that no frame before them was found to have. */
  orphans = 0;
  /** null before it is known. */
  firstSequence: number | null = null;
  /** The highest position so far. */
  highest = 0;

  unwrap(sequence: number): number {
    if (this.firstSequence === null) {
      this.firstSequence = sequence;
      return 0;
    }
    const relative = (sequence - this.firstSequence) | 0;
    return this.highest + ((relative - (this.highest | 0)) | 0);
  }
}
