import { asHopbookError, HopbookError } from "../errors.js";
import type { NodeAccess, Via } from "../model/access.js";
import { deferStream } from "./lazy-stream.js";

/** So that a burst of commands does not knock at a closed door once each. */
const REMEMBER_FAILURE_MS = 5000;

interface LazyAccessOptions {
  readonly node: string;
  readonly via: Via;
  /** The real way in. Called at the first command, and again only where it had failed. */
  readonly open: (signal: AbortSignal) => Promise<NodeAccess>;
  readonly nowMs?: () => number;
}

export interface LazyAccess extends NodeAccess {
  /** Whether it was entered at all. */
  isOpen(): boolean;
}

/**
 * A way in that is opened by its first command; commands that come meanwhile share the opening. What went wrong with it
 * is thrown as it is, to all that come within 5 s.
 */
export function createLazyAccess({ node, via, open, nowMs = Date.now }: LazyAccessOptions): LazyAccess {
  let opening: Promise<NodeAccess> | undefined;
  let failedAtMs: number | undefined;
  let closing: Promise<void> | undefined;
  let left: readonly string[] = [];
  let opened: NodeAccess | undefined;
  const giveUp = new AbortController();
  const enter = (): Promise<NodeAccess> => {
    if (closing !== undefined) {
      return Promise.reject(new HopbookError("INTERRUPTED", `Cannot enter ${node}: its access is closed`));
    }
    if (failedAtMs !== undefined && nowMs() - failedAtMs > REMEMBER_FAILURE_MS) opening = undefined;
    if (opening === undefined) {
      failedAtMs = undefined;
      const mine = open(giveUp.signal);
      opening = mine;
      mine.then(
        (access) => void (opened = access),
        () => {
          if (opening === mine) failedAtMs = nowMs();
        },
      );
    }
    return opening;
  };
  return {
    node,
    via,
    get made() {
      return opened?.made;
    },
    isOpen: () => opened !== undefined,
    exec: async (argv, options) => (await enter()).exec(argv, options),
    stream: (argv, options) =>
      deferStream({ node, argv, open: async () => (await enter()).stream(argv, options) }),
    pull: async (remotePath, localPath, options) => (await enter()).pull(remotePath, localPath, options),
    close: () =>
      (closing ??= (async () => {
        giveUp.abort();
        // What failed to open has nothing to close.
        const access = await opening?.catch((error: unknown) => void asHopbookError(error));
        await access?.close();
        left = access?.leftovers?.() ?? [];
      })()),
    leftovers: () => left,
  };
}
