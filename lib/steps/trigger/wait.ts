import { asHopbookError } from "../../errors.js";
import type { StepContext } from "../../model/steps.js";
import type { TriggerHit, TriggerSource, WaitOptions } from "./types.js";

/**
 * Waits until one of the sources fires; null when `signal` was first. A source that can be waited for no more is said to be lost,
 * and the others go on; rejects where none is left. `armed` is called when all that are left miss nothing from then on.
 */
export async function waitForAny(
  sources: readonly TriggerSource[],
  context: StepContext,
  { signal, armed, endings }: WaitOptions,
): Promise<TriggerHit | null> {
  const over = new AbortController();
  const any = AbortSignal.any([signal, over.signal]);
  const missing = new Set(sources);
  const isArmed = (source: TriggerSource): void => {
    if (missing.delete(source) && missing.size === 0) armed();
  };
  let refuse: (error: unknown) => void = () => undefined;
  const refused = new Promise<never>((_, reject) => (refuse = reject));
  const waits = sources.map(async (source) => {
    try {
      return await source.wait(context, { signal: any, endings, armed: () => isArmed(source) });
    } catch (error) {
      if (any.aborted) return null;
      const known = asHopbookError(error);
      if (known.code === "PERMISSION_DENIED" || known.code === "INPUT_INVALID") refuse(known);
      else context.note("warn", known.message);
      isArmed(source);
      throw known;
    }
  });
  try {
    return await Promise.race([Promise.any(waits), refused]);
  } catch (error) {
    throw error instanceof AggregateError ? asHopbookError(error.errors[0]) : error;
  } finally {
    over.abort();
    endings.push(Promise.allSettled(waits).then(() => undefined));
  }
}
