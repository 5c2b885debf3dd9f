import { onAbort } from "./abort.js";

/** Frees a slot; a second call does nothing. */
type Release = () => void;

export interface Slots {
  /** A slot as soon as one is free; null when the wait was over or aborted first. First come, first served. */
  acquire(options: {
    /** Default: no limit. */
    readonly waitMs?: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Release | null>;
}

/** At most `count` holders at a time. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: ((release: Release) => void)[] = [];
  const hold = (): Release => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next(hold());
    };
  };
  return {
    acquire: async ({ waitMs, signal }) => {
      if (signal?.aborted === true) return null;
      if (free > 0) {
        free -= 1;
        return hold();
      }
      return new Promise((resolve) => {
        const settle = (release: Release | null): void => {
          clearTimeout(timer);
          ignoreSignal();
          resolve(release);
        };
        const giveUp = (): void => {
          const at = waiting.indexOf(settle);
          if (at !== -1) waiting.splice(at, 1);
          settle(null);
        };
        const timer = waitMs === undefined ? undefined : setTimeout(giveUp, waitMs);
        const ignoreSignal = onAbort(signal, giveUp);
        waiting.push(settle);
      });
    },
  };
}
