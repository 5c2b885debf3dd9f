import { askOn } from "./confirm.js";
import type { CommandIo } from "./io.js";
import { keepPods } from "./keep-pods.js";
import { leaveAtOnce } from "./leave-at-once.js";
import type { CarriedFlags } from "./next-command.js";
import { listenForSignals } from "./signals.js";

interface SignalOptions {
  readonly cwd: string;
  readonly confirm: ReturnType<typeof askOn>;
  readonly signal: AbortSignal;
  readonly onEvent: () => void;
  readonly onPods: ReturnType<typeof keepPods>;
}

/** For what only reads: the first signal ends it in good order, the second at once. */
export async function withSignals<T>(
  { io, flags }: { readonly io: CommandIo; readonly flags: CarriedFlags },
  body: (options: SignalOptions) => Promise<T>,
): Promise<T> {
  const interruption = listenForSignals(() => undefined, leaveAtOnce(io.terminal, flags));
  try {
    const { signal } = interruption;
    return await body({
      cwd: process.cwd(),
      confirm: askOn(io.terminal),
      signal,
      onEvent: () => undefined,
      onPods: keepPods(),
    });
  } finally {
    interruption.dispose();
  }
}
