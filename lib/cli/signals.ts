/**
 * SIGINT, SIGTERM and SIGHUP stop a run in good order: the first one asks (stop, collect, clean up, exit
 * 130), a second one forces.
 */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Takes the handlers away again. */
  dispose(): void;
}

export function listenForSignals(onFirst: (name: string) => void, onSecond: () => void): Interruption {
  const controller = new AbortController();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const handlers = names.map((name) => {
    const handler = (): void => {
      if (controller.signal.aborted) {
        onSecond();
        return;
      }
      onFirst(name);
      controller.abort(new Error(name));
    };
    process.on(name, handler);
    return { name, handler };
  });
  return {
    signal: controller.signal,
    dispose: () => {
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}
