import type { PointCounts } from "../../api/live.js";
import type { Terminal } from "../terminal.js";

/** On a terminal what each point captures is seen after so long, and anew every so often. */
const SEEN_FROM_MS = 8000;
const SEEN_EVERY_MS = 2000;
/** Elsewhere it is a line, once a minute. */
const TOLD_EVERY_MS = 60_000;

interface WatchedPoints {
  readonly view: PointCounts;
  /** For the running line of a terminal. */
  readonly lines: () => readonly string[];
  stop(): void;
}

/** What each point of a run captures, while it goes on for longer. */
export async function watchPoints(terminal: Terminal): Promise<WatchedPoints> {
  const { makePointCounts } = await import("../../api/live.js");
  if (terminal.live !== undefined) {
    const view = makePointCounts({ everyMs: SEEN_EVERY_MS, leastMs: SEEN_FROM_MS });
    return { view, lines: () => view.lines(Date.now()), stop: () => undefined };
  }
  const view = makePointCounts({ everyMs: TOLD_EVERY_MS - 1000, leastMs: TOLD_EVERY_MS });
  const tell = (): void => {
    const lines = view.lines(Date.now());
    if (lines.length > 0) terminal.err(`  - ${lines.join("; ")}\n`);
  };
  const timer = setInterval(tell, TOLD_EVERY_MS);
  timer.unref();
  return { view, lines: () => [], stop: () => clearInterval(timer) };
}
