import { HopbookError } from "../errors.js";

/** Once one has answered, the others are waited for this long and twice as long as it took: all may be slow alike. */
const GRACE_MS = 4000;

/** Bounds what runs side by side: no time is set as long as nobody has answered, and little once somebody has. */
export class Grace {
  readonly #waiting = new Set<(graceMs: number) => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #graceMs: number | null = null;

  constructor(private readonly least = GRACE_MS) {}

  /**
   * Runs `enter`, whose signal aborts when its time is over. Rejects with NODE_UNREACHABLE then, else as `enter` does.
   * `node` is who is waited for.
   */
  async bound<T>(node: string, enter: (late: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const startedMs = performance.now();
    const wait = (graceMs: number): void => {
      this.#timers.add(setTimeout(() => late.abort(), graceMs));
    };
    if (this.#graceMs === null) this.#waiting.add(wait);
    else wait(this.#graceMs);
    try {
      const entered = await enter(late.signal);
      this.#answered(performance.now() - startedMs);
      return entered;
    } catch (error) {
      const isGivenUp = error instanceof HopbookError && error.code === "INTERRUPTED";
      if (!late.signal.aborted || !isGivenUp) throw error;
      throw givenUp(node, performance.now() - startedMs);
    } finally {
      this.#waiting.delete(wait);
    }
  }

  /** To be called in the end. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #answered(tookMs: number): void {
    if (this.#graceMs !== null) return;
    this.#graceMs = this.least + 2 * tookMs;
    for (const wait of this.#waiting) wait(this.#graceMs);
  }
}

function givenUp(node: string, afterMs: number): HopbookError {
  const message = `Cannot log in to ${node}: no answer within ${(afterMs / 1000).toFixed(1)} s, and other nodes had answered`;
  return new HopbookError("NODE_UNREACHABLE", message, {
    where: { node },
    hint: "Check whether the node is up, and the network to it",
  });
}
