import { HopbookError } from "../errors.js";
import type { Clock, TimeLimit } from "../model/clock.js";
import { formatDuration } from "../model/units.js";

/** Who wanted a step to end before its time. */
type EndedBy = "interrupt" | "cancel";

/**
 * How one step is told to end: first it is asked (`cancelled`), after a grace time it is made to (`signal`).
 * A leash ends with those of its parent.
 */
export class Leash {
  readonly #clock: Clock;
  readonly #ask = new AbortController();
  readonly #force = new AbortController();
  readonly #undo: (() => void)[] = [];
  #grace: TimeLimit | null = null;
  #endedBy: EndedBy | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get cancelled(): AbortSignal {
    return this.#ask.signal;
  }

  get signal(): AbortSignal {
    return this.#force.signal;
  }

  /** null while nobody wanted it to end. */
  get endedBy(): EndedBy | null {
    return this.#endedBy;
  }

  /** Asks; makes it end after the grace time (0: at once). A second call can only shorten the time. */
  cancel(by: EndedBy, graceMs: number): void {
    this.#endedBy ??= by;
    this.#ask.abort(endReason(this.#endedBy));
    this.#forceAfter(graceMs);
  }

  /** Makes it end after the time, without asking before. */
  endAfter(by: EndedBy, ms: number): void {
    this.#endedBy ??= by;
    this.#forceAfter(ms);
  }

  #forceAfter(ms: number): void {
    if (this.#force.signal.aborted) return;
    if (ms === 0) {
      this.#force.abort(endReason(this.#endedBy));
      return;
    }
    const limit = this.#clock.limit(ms);
    const over = (): void => this.#force.abort(endReason(this.#endedBy));
    limit.signal.addEventListener("abort", over, { once: true });
    const earlier = this.#grace;
    this.#grace = {
      signal: limit.signal,
      clear: () => {
        limit.clear();
        earlier?.clear();
      },
    };
  }

  /** When the signal fires: `onAbort`, at once where it has fired. */
  follow(signal: AbortSignal, onAbort: () => void): this {
    if (signal.aborted) {
      onAbort();
      return this;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    this.#undo.push(() => signal.removeEventListener("abort", onAbort));
    return this;
  }

  /** A leash of its own for a part of the step. */
  child(): Leash {
    const child = new Leash(this.#clock);
    const by = (): EndedBy => this.#endedBy ?? "cancel";
    child.follow(this.cancelled, () => {
      child.#endedBy ??= by();
      child.#ask.abort(endReason(child.#endedBy));
    });
    return child.follow(this.signal, () => child.cancel(by(), 0));
  }

  /** No timer and no listener is left. */
  dispose(): void {
    this.#grace?.clear();
    for (const undo of this.#undo) undo();
  }
}

function endReason(by: EndedBy | null): HopbookError {
  return new HopbookError("INTERRUPTED", by === "interrupt" ? "interrupted" : "cancelled");
}

/** The words for a step that had to be made to end. */
export function endedHard(leash: Leash, graceMs: number): HopbookError {
  if (leash.endedBy === "interrupt") return new HopbookError("INTERRUPTED", "interrupted");
  return new HopbookError(
    "INTERRUPTED",
    `cancelled, and it did not end by itself within ${formatDuration(graceMs)}`,
  );
}
