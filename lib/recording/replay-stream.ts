import type { Argv, NodeStream, StreamEnd } from "../model/access.js";
import { BEAT, type StreamEntry, type StreamTurn } from "./format.js";
import { createLineFeed } from "./line-feed.js";
import type { Delivery, Schedule } from "./schedule.js";

/** Lines of a stream with what had been written when they came. */
interface Said {
  readonly lines: readonly string[];
  readonly writesBefore: number;
  readonly closedBefore: boolean;
  readonly delivery: Delivery;
}

/** A recorded stream, ready to be played. */
export interface StreamScript {
  readonly entry: StreamEntry;
  readonly said: readonly Said[];
  readonly writes: number;
  readonly isClosed: boolean;
  readonly end: Delivery;
  readonly stderr: string;
}

export function scriptStream(
  entry: StreamEntry,
  parts: { readonly turns: readonly StreamTurn[]; readonly stderr: string; readonly schedule: Schedule },
): StreamScript {
  const said: Said[] = [];
  let writes = 0;
  let isClosed = false;
  let [writesAtEnd, closedAtEnd] = [0, false];
  for (const turn of parts.turns) {
    if ("in" in turn) writes += 1;
    else if ("closed" in turn) isClosed = true;
    else {
      const delivery = parts.schedule.add(turn.seq);
      said.push({ lines: turn.out, writesBefore: writes, closedBefore: isClosed, delivery });
    }
    if (turn.seq < entry.end) [writesAtEnd, closedAtEnd] = [writes, isClosed];
  }
  const end = parts.schedule.add(entry.end);
  return { entry, said, writes: writesAtEnd, isClosed: closedAtEnd, end, stderr: parts.stderr };
}

export interface ReplayStream extends NodeStream {
  /** The access is closed: all that is left comes at once. */
  finish(): void;
}

/** Plays a stream: each line comes once what it followed was written. */
export function playStream(
  script: StreamScript,
  asked: { readonly argv: Argv; readonly signal: AbortSignal | undefined; readonly schedule: Schedule },
): ReplayStream {
  const { entry, said } = script;
  const { schedule } = asked;
  const feed = createLineFeed();
  let [writes, given] = [0, 0];
  let [isClosed, isKilled, isEnded] = [false, false, false];
  let resolveDone: (end: StreamEnd) => void = () => undefined;
  const done = new Promise<StreamEnd>((resolve) => (resolveDone = resolve));
  const armNext = (): void => {
    const next = said[given];
    if (next === undefined) {
      if (isEnded) feed.close();
      return;
    }
    schedule.arm(next.delivery, {
      mayCome: () => writes >= next.writesBefore && (isClosed || !next.closedBefore),
      mayBeForced: () => isClosed,
      deliver: () => {
        given += 1;
        feed.push(next.lines);
        armNext();
      },
    });
  };
  const endWith = (end: StreamEnd): void => {
    isEnded = true;
    resolveDone(end);
    if (given >= said.length) feed.close();
  };
  const { exitCode, signal, transportLost } = entry;
  const stop = (end: StreamEnd): void => {
    if (isEnded) return;
    for (const { delivery } of said.slice(given)) schedule.drop(delivery);
    given = said.length;
    schedule.drop(script.end);
    endWith(end);
  };
  const recorded = { exitCode, signal, transportLost };
  const kill = (): Promise<StreamEnd> => {
    isKilled = true;
    stop(entry.killed ? recorded : { exitCode: null, signal: "SIGTERM", transportLost: false });
    return done;
  };
  armNext();
  schedule.arm(script.end, {
    mayCome: () => (entry.killed ? isKilled : writes >= script.writes && (isClosed || !script.isClosed)),
    mayBeForced: () => isClosed,
    deliver: () => endWith(recorded),
  });
  if (asked.signal?.aborted === true) void kill();
  asked.signal?.addEventListener("abort", () => void kill(), { once: true });
  return {
    node: entry.node,
    argv: asked.argv,
    write(text) {
      if (text === BEAT) return;
      writes += 1;
      schedule.stir();
    },
    end() {
      isClosed = true;
      schedule.stir();
    },
    stdoutLines: feed.lines,
    stderrText: () => (isEnded ? script.stderr : ""),
    done,
    kill,
    finish() {
      if (isEnded) return;
      for (const { lines } of said.slice(given)) feed.push(lines);
      stop(recorded);
    },
  };
}
