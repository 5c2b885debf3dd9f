import { TURN_US, type InFlight } from "./flight.js";
import type { Judge } from "./judge.js";

/** So many that are settled are thrown away at once: each time all others move up. */
const MOST_DONE = 1024;

/** Packets that every place has shown, of connections that are translated; the oldest first. */
export class Turning {
  private readonly slots: number[] = [];
  /** So many of them are settled. */
  private done = 0;

  constructor(
    private readonly flight: InFlight,
    private readonly judge: Judge,
    private readonly isComplete: (slot: number) => boolean,
  ) {}

  push(slot: number): void {
    this.slots.push(slot);
  }

  /** Settles those that no place can show again with their other addresses. */
  settle(nowUs: number): void {
    const { flight, slots } = this;
    while (this.done < slots.length) {
      const slot = slots[this.done]!;
      // It may have been judged early, and the slot be another's by now.
      const isOpen = flight.set[slot] !== 0 && this.isComplete(slot);
      if (isOpen && nowUs - flight.lastUs[slot]! < TURN_US) return;
      this.done++;
      if (isOpen) this.judge.settle(slot);
      if (this.done < MOST_DONE) continue;
      slots.splice(0, this.done);
      this.done = 0;
    }
  }
}
