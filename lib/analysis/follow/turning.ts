import { TURN_US, type InFlight } from "./flight.js";
import type { Judge } from "./judge.js";

/** Packets that every place has shown, of connections that are translated; the oldest first. */
export class Turning {
  private readonly slots: number[] = [];
  /** How many of them are settled, and wait to be taken off the list together. */
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
    for (; this.done < slots.length; this.done++) {
      const slot = slots[this.done]!;
      // It may have been judged early, and the slot be another's by now.
      if (flight.set[slot] === 0 || !this.isComplete(slot)) continue;
      if (nowUs - flight.lastUs[slot]! < TURN_US) break;
      this.judge.settle(slot);
    }
    if (this.done * 2 <= slots.length) return;
    slots.copyWithin(0, this.done);
    slots.length -= this.done;
    this.done = 0;
  }
}
