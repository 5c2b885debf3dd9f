import type { RecordingWriter } from "./writer.js";

/** One count for all that happens in a run. */
export class Counter {
  #last = 0;

  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/** Of time limits, which are known by whose they are and how long. */
export class LimitCount {
  readonly #counts = new Map<string, number>();

  /** Which one it is, from 0. */
  next(ms: number, step: string): number {
    const key = `${ms} ${step}`;
    const nth = this.#counts.get(key) ?? 0;
    this.#counts.set(key, nth + 1);
    return nth;
  }
}

/** A recording under way. */
export interface Recording {
  readonly writer: RecordingWriter;
  readonly count: Counter;
  /** Streams that are not yet written down; each writes itself when it is called. */
  readonly open: Set<() => void>;
}
