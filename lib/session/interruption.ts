import { HopbookError } from "../errors.js";

/** Whatever fails after the person wanted out failed because of that. */
export async function whileWanted<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw signal.aborted ? interrupted(error) : error;
  }
}

export function interrupted(error: unknown): HopbookError {
  return new HopbookError("INTERRUPTED", "Interrupted while the plan was made; nothing was captured", {
    cause: error,
  });
}
