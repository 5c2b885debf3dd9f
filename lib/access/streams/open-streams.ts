import { HopbookError } from "../../errors.js";
import type { Argv, NodeStream } from "../../model/access.js";

/** How long a stream may take to end in order, once its stdin is closed, before it is killed. */
const CLOSE_GRACE_MS = 1_500;

/** What one access has under way, so that `close()` can end it. */
export interface OpenStreams {
  /** Throws INTERNAL after `close()`. */
  assertOpen(argv: Argv): void;
  /** A signal that also fires on `close()`. */
  linkSignal(signal: AbortSignal | undefined): AbortSignal;
  add(stream: NodeStream): NodeStream;
  /** Ends every stream: its stdin first, then by signal. Aborts what was linked. */
  close(): Promise<void>;
}

export function trackStreams(node: string): OpenStreams {
  const streams = new Set<NodeStream>();
  const closing = new AbortController();
  return {
    assertOpen: (argv) => {
      if (!closing.signal.aborted) return;
      throw new HopbookError("INTERNAL", `Cannot use node ${node}: its access is closed`, {
        where: { node, argv },
      });
    },
    linkSignal: (signal) =>
      signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]),
    add: (stream) => {
      streams.add(stream);
      void stream.done.then(() => streams.delete(stream));
      return stream;
    },
    close: async () => {
      closing.abort();
      await Promise.all([...streams].map(endStream));
    },
  };
}

async function endStream(stream: NodeStream): Promise<void> {
  stream.end();
  const timer = setTimeout(() => void stream.kill(), CLOSE_GRACE_MS);
  await stream.done;
  clearTimeout(timer);
}
