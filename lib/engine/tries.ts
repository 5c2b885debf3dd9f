import { HopbookError, messageOf } from "../errors.js";
import type { Clock } from "../model/clock.js";
import { formatDuration } from "../model/units.js";
import type { RunbookStep } from "../runbook/index.js";
import { endedHard, type Leash } from "./leash.js";
import type { EngineTiming } from "./timing.js";

interface TryOptions {
  readonly leash: Leash;
  readonly clock: Clock;
  readonly timing: EngineTiming;
  /** Of each try; null: none. */
  readonly timeoutMs: number | null;
  readonly note: (text: string) => void;
}

/** Runs a step's body, and again after a failure as its `retry` says. */
export async function withRetries<T>(
  step: Pick<RunbookStep, "id" | "retry">,
  body: (signal: AbortSignal) => Promise<T>,
  options: TryOptions,
): Promise<T> {
  const { leash, clock, note } = options;
  const { count, delayMs } = step.retry ?? { count: 0, delayMs: 0 };
  for (let tries = 1; ; tries += 1) {
    try {
      return await withinLimits(step, body, options);
    } catch (error) {
      if (tries > count || !mayTryAgain(error, leash)) throw error;
      note(`try ${tries} of ${count + 1} failed: ${messageOf(error)}; again in ${formatDuration(delayMs)}`);
      await clock.sleep(delayMs, leash.cancelled).catch(() => undefined);
      if (!mayTryAgain(error, leash)) throw error;
    }
  }
}

/** What was refused stays refused, and who wants out wants no more tries. */
function mayTryAgain(error: unknown, leash: Leash): boolean {
  if (leash.cancelled.aborted || leash.signal.aborted) return false;
  return !(error instanceof HopbookError && ["PERMISSION_DENIED", "INTERRUPTED"].includes(error.code));
}

/** One try: within its time limit and on its leash. */
export async function withinLimits<T>(
  step: Pick<RunbookStep, "id">,
  body: (signal: AbortSignal) => Promise<T>,
  { leash, clock, timing, timeoutMs }: TryOptions,
): Promise<T> {
  if (leash.signal.aborted) throw endedHard(leash, timing.graceMs);
  const limit = timeoutMs === null ? null : clock.limit(timeoutMs);
  const signal = limit === null ? leash.signal : AbortSignal.any([leash.signal, limit.signal]);
  try {
    return await unlessStuck(body(signal), signal, () => clock.limit(timing.stuckMs).signal);
  } catch (error) {
    if (leash.signal.aborted) throw endedHard(leash, timing.graceMs);
    if (limit?.signal.aborted !== true) throw error;
    throw new HopbookError(
      "COMMAND_TIMEOUT",
      `Cannot finish step ${step.id}: its time limit of ${timeoutMs} ms is over`,
      { hint: "Raise the step's `timeout`, or look at what it waited for above", cause: error },
    );
  } finally {
    limit?.clear();
  }
}

/** A body that obeys no signal is waited for no longer than a moment: it must not keep `finally` from running. */
async function unlessStuck<T>(work: Promise<T>, signal: AbortSignal, moment: () => AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      moment().addEventListener("abort", () => reject(new Error("it obeys no signal")), { once: true });
    };
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
