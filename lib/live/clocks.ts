import type { LiveClock } from "../model/live/view.js";
import { formatDuration } from "../model/units.js";

/** What a node's times are corrected by, and why, in words. */
export interface Correction {
  /** To add, in microseconds. */
  readonly us: number;
  readonly text: string;
}

/**
 * The clocks of several nodes against each other, each known by this machine's to some error. The first node's is taken as
 * it is; another is corrected only where it is surely another one, since what the network adds to a look at it may be more
 * than clocks that are kept differ by.
 */
export class LiveClocks {
  readonly #known = new Map<string, LiveClock>();

  constructor(readonly nodes: readonly string[]) {}

  get areKnown(): boolean {
    return this.nodes.every((node) => this.#known.has(node));
  }

  /** The look that took the least time says most. */
  note(node: string, clock: LiveClock): void {
    const known = this.#known.get(node);
    if (known === undefined || clock.errorMs < known.errorMs) this.#known.set(node, clock);
  }

  correctionOf(node: string): Correction {
    const [first = node] = this.nodes;
    const [own, reference] = [this.#known.get(node), this.#known.get(first)];
    if (node === first) return { us: 0, text: "times are as its clock has them" };
    if (own === undefined || reference === undefined) {
      return { us: 0, text: "its clock could not be compared: times are as it has them" };
    }
    const aheadMs = own.aheadMs - reference.aheadMs;
    const errorMs = own.errorMs + reference.errorMs;
    const error = `± ${formatDuration(Math.max(1, Math.ceil(errorMs)))}`;
    if (Math.abs(aheadMs) <= errorMs) {
      return { us: 0, text: `times are as its clock has them, which is that of ${first} ${error}` };
    }
    const by = `${formatDuration(Math.round(Math.abs(aheadMs)))} ${aheadMs > 0 ? "ahead of" : "behind"} that of ${first}`;
    return { us: Math.round(-aheadMs * 1000), text: `its clock is ${by} (${error}): times are corrected` };
  }
}
