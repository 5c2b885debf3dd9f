import type { Outcomes } from "./outcomes.js";
import type { Side } from "./sides.js";

/** New bytes of one side of a connection. `end` is that of what was captured, `length` what there was. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  readonly length: number;
  readonly timeUs: number;
}

/** What an application protocol makes of one connection. */
export interface Application {
  note(side: Side, payload: Payload): void;
  /** What a side last said, for people: "GET /slow"; null where no more is known than that it was data. */
  lastOf(side: Side): string | null;
  /** The connection is over, or `untilUs` the end of the captures. */
  close(untilUs: number): void;
}

export interface ApplicationContext {
  readonly outcomes: Outcomes;
  readonly clientPort: number;
}
