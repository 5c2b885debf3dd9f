/**
 * SIGINT, SIGTERM and SIGHUP stop a run in good order: the first one asks (stop, collect, clean up, exit
 * 130), a second one forces.
 */
interface Interruption {
  readonly signal: AbortSignal;
  /** Takes the handlers away again. */
  dispose(): void;
}

const going = new Set<() => void>();

/**
 * Nobody reads what is said any more (`| head`, a terminal that was closed): what goes on stops in good order, since
 * nobody could be told what it left. False where nothing does.
 */
export function stopUnheard(): boolean {
  for (const stop of going) stop();
  return going.size > 0;
}

export function listenForSignals(onFirst: (name: string) => void, onSecond: () => void): Interruption {
  const controller = new AbortController();
  // A terminal that closes ends the output and sends a signal: that one is no second wish.
  let isUnheard = false;
  const stop = (): void => {
    if (controller.signal.aborted) return;
    isUnheard = true;
    controller.abort(new Error("nobody reads its output"));
  };
  going.add(stop);
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const handlers = names.map((name) => {
    const handler = (): void => {
      if (isUnheard) {
        isUnheard = false;
        return;
      }
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
      going.delete(stop);
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}
