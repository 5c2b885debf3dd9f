import type { Argv, NodeStream, StreamEnd } from "../model/access.js";
import { BEAT, type StreamEntry, type StreamTurn } from "./format.js";
import { createLineFeed } from "./line-feed.js";
import type { Moment, Schedule } from "./schedule.js";

/** Lines of a stream with what had been written when they came. */
interface Said {
  readonly lines: readonly string[];
  readonly writesBefore: number;
  readonly closedBefore: boolean;
  readonly moment: Moment;
}

/** A recorded stream, ready to be played. */
export interface StreamScript {
  readonly entry: StreamEntry;
  readonly said: readonly Said[];
  /** Where the run wrote, each time, and where it closed it. */
  readonly written: readonly Moment[];
  readonly closed: Moment | null;
  readonly writes: number;
  readonly isClosed: boolean;
  readonly end: Moment;
  readonly stderr: string;
}

export function scriptStream(
  entry: StreamEntry,
  parts: { readonly turns: readonly StreamTurn[]; readonly stderr: string; readonly schedule: Schedule },
): StreamScript {
  const said: Said[] = [];
  const written: Moment[] = [];
  let closed: Moment | null = null;
  let [writesAtEnd, closedAtEnd] = [0, false];
  for (const turn of parts.turns) {
    const moment = parts.schedule.add(turn.seq);
    if ("in" in turn) written.push(moment);
    else if ("closed" in turn) closed = moment;
    else {
      said.push({ lines: turn.out, writesBefore: written.length, closedBefore: closed !== null, moment });
    }
    if (turn.seq < entry.end) [writesAtEnd, closedAtEnd] = [written.length, closed !== null];
  }
  const end = parts.schedule.add(entry.end);
  const atEnd = { writes: writesAtEnd, isClosed: closedAtEnd, end };
  return { entry, said, written, closed, ...atEnd, stderr: parts.stderr };
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
    schedule.arm(next.moment, {
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
    for (const { moment } of said.slice(given)) schedule.meet(moment);
    given = said.length;
    schedule.meet(script.end);
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
      const moment = script.written[writes];
      writes += 1;
      if (moment === undefined) schedule.stir();
      else schedule.meet(moment);
    },
    end() {
      isClosed = true;
      if (script.closed === null) schedule.stir();
      else schedule.meet(script.closed);
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
