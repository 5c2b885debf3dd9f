import type { Clock } from "../model/clock.js";
import { LimitCount } from "./counter.js";
import type { ReplayPlan } from "./replay-plan.js";

/** Waits end, and limits run out, where they did. */
export function replayClock(plan: ReplayPlan): Clock {
  const { schedule } = plan;
  const limits = new LimitCount();
  const limitsOfRun = new LimitCount();
  return {
    nowMs: (step = "") => plan.takeNowMs(step),
    sleep: (ms, signal, step = "") =>
      new Promise((resolve, reject) => {
        const entry = plan.takeSleep(ms, step);
        const end = entry === undefined ? null : plan.endOf(entry);
        const onAbort = (): void => {
          if (end !== null) schedule.meet(end);
          reject(new DOMException("The operation was aborted", "AbortError"));
        };
        const wake = (): void => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        };
        if (signal?.aborted === true) return onAbort();
        signal?.addEventListener("abort", onAbort, { once: true });
        if (end === null) return void setImmediate(wake);
        schedule.arm(end, {
          mayCome: () => entry?.aborted !== true,
          mayBeForced: () => true,
          deliver: wake,
        });
      }),
    limit(ms, step = "") {
      const controller = new AbortController();
      const nth = limits.next(ms, step);
      const entry = plan.limitOf(ms, { step, nth, nthOfRun: limitsOfRun.next(ms, "") });
      if (entry !== undefined) {
        schedule.arm(plan.endOf(entry), {
          ...{ mayCome: () => true, mayBeForced: () => true, isAbrupt: true },
          deliver: () => controller.abort(new DOMException("The time limit is over", "TimeoutError")),
        });
      }
      const clear = (): void => {
        if (entry !== undefined) schedule.meet(plan.endOf(entry));
      };
      return { signal: controller.signal, clear };
    },
  };
}
