import type { KubeWatchRequest } from "../../model/kube.js";
import type { StepContext } from "../../model/steps.js";

export type WatchedList = Omit<KubeWatchRequest, "from" | "signal">;

/** What comes at once is looked at once. */
const SETTLE_MS = 100;
/** An API that does not let itself be watched so often is looked at from time to time alone. */
const MOST_FAILURES = 3;

interface Watched {
  readonly list: WatchedList;
  /** From where on a change counts; null: not known yet. */
  version: string | null;
  pending: Promise<void> | null;
  failures: number;
}

/**
 * Waits between two looks at lists of the API: shorter where the API says that one of them changed. Where it cannot be watched
 * (the user may not, an older or a foreign API) each wait takes its whole time.
 */
export class Changes {
  readonly #watched: readonly Watched[];
  readonly #context: Pick<StepContext, "kube" | "clock">;
  readonly #over = new AbortController();
  #hasChanged = false;
  #wake: () => void = () => undefined;

  constructor(lists: readonly WatchedList[], context: Pick<StepContext, "kube" | "clock">) {
    this.#context = context;
    this.#watched = lists.map((list) => ({ list, version: null, pending: null, failures: 0 }));
  }

  /** What changes from now on ends a wait: before a look. */
  async begin(): Promise<void> {
    await Promise.all(this.#watched.map((watched) => this.#ask(watched)));
    this.#hasChanged = false;
  }

  /** Rejects with an AbortError where the signal fires. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    for (const watched of this.#watched) {
      if (watched.failures >= MOST_FAILURES) continue;
      watched.pending ??= this.#ask(watched).then(() => {
        watched.pending = null;
        this.#wake();
      });
    }
    const early = new AbortController();
    this.#wake = () => {
      if (this.#hasChanged) early.abort();
    };
    this.#wake();
    await this.#context.clock.sleep(ms, AbortSignal.any([signal, early.signal])).catch((error: unknown) => {
      if (signal.aborted || !early.signal.aborted) throw error;
    });
    if (!this.#hasChanged) return;
    await this.#context.clock.sleep(SETTLE_MS, signal);
    this.#hasChanged = false;
  }

  /** Ends all that still waits. */
  async close(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#watched.flatMap(({ pending }) => pending ?? []));
  }

  /** Never rejects. */
  async #ask(watched: Watched): Promise<void> {
    const { kube } = this.#context;
    const { list, version } = watched;
    if (kube === undefined || this.#over.signal.aborted) return;
    try {
      const now = await kube.watch({ ...list, from: version, signal: this.#over.signal });
      // Between a version that is too old and the next one anything may have changed.
      if (now !== version) this.#hasChanged = true;
      watched.version = now;
      if (version !== null) watched.failures = 0;
    } catch {
      watched.version = null;
      watched.failures += 1;
    }
  }
}
