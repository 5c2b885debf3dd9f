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

/** A recording under way. */
export interface Recording {
  readonly writer: RecordingWriter;
  readonly count: Counter;
  /** Streams that are not yet written down; each writes itself when it is called. */
  readonly open: Set<() => void>;
}
