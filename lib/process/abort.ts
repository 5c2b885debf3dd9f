import { setMaxListeners } from "node:events";

/**
 * Calls `listener` once when the signal fires, at once where it has fired; returns what takes it off again.
 * A run has one signal and many commands that listen to it, so Node's warning at 11 listeners is put off.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
