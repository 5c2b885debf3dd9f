import { setTimeout as delay } from "node:timers/promises";

/** A time limit that has begun. */
export interface TimeLimit {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** Takes the limit back, once what it bounds has ended. */
  clear(): void;
}

/** How a run waits. A replay waits for nothing: it knows what came next. */
export interface Clock {
  /** Unix time. `step`: who looks, where one step does; a replay tells each the times that were told it then. */
  nowMs(step?: string): number;
  /** Resolves after the time; rejects with an AbortError where the signal fires first. `step` as for nowMs. */
  sleep(ms: number, signal?: AbortSignal, step?: string): Promise<void>;
  limit(ms: number, step?: string): TimeLimit;
}

const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    delay(Math.min(ms, LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal }),
  limit: (ms) => {
    const controller = new AbortController();
    const over = (): void => controller.abort(new DOMException("The time limit is over", "TimeoutError"));
    const timer = setTimeout(over, Math.min(ms, LONGEST_TIMER_MS));
    timer.unref();
    return { signal: controller.signal, clear: () => clearTimeout(timer) };
  },
};
