/** A Date has whole seconds, cut. */
const DATE_MS = 1_000;

/**
 * How far the API server's clock is ahead of this machine's, by the Date of its answers: each was made between its
 * request and its arrival, so that together they narrow it down.
 */
export class ServerClock {
  #leastMs = -Infinity;
  #mostMs = Infinity;

  /** One answer. Times are Unix milliseconds by this machine's clock; a date that cannot be read tells nothing. */
  hear(date: string | undefined, when: { readonly sentAtMs: number; readonly receivedAtMs: number }): void {
    const dateMs = Date.parse(date ?? "");
    if (Number.isNaN(dateMs)) return;
    const [leastMs, mostMs] = [dateMs - when.receivedAtMs, dateMs + DATE_MS - when.sentAtMs];
    // One of the clocks was set since then.
    const isOld = leastMs > this.#mostMs || mostMs < this.#leastMs;
    this.#leastMs = isOld ? leastMs : Math.max(this.#leastMs, leastMs);
    this.#mostMs = isOld ? mostMs : Math.min(this.#mostMs, mostMs);
  }

  /** 0 before the first answer, and where the answers fit clocks that agree. */
  get offsetMs(): number {
    if (this.#leastMs <= 0 && this.#mostMs >= 0) return 0;
    return Math.round((this.#leastMs + this.#mostMs) / 2);
  }
}
