import { relative, sep } from "node:path";
import type { Argv, ExecResult, PullResult } from "../model/access.js";
import type { Clock } from "../model/clock.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { KubeReader } from "../model/kube.js";
import type { RunEvent } from "../model/steps.js";
import { Counter, LimitCount, type Recording } from "./counter.js";
import { recordError } from "./errors.js";
import type { RecordingHeader } from "./format.js";
import { recordKube } from "./record-kube.js";
import { recordStream } from "./record-stream.js";
import { RecordingWriter, type RecordingFolder, type WriterLimits } from "./writer.js";

export interface Recorder {
  /** Records all that goes over a way in. */
  wrap(access: GuardedAccess): GuardedAccess;
  /** Records what the cluster's API answers. */
  wrapKube(kube: KubeReader): KubeReader;
  /** Records when waits end, and what the time was where it was looked at. */
  wrapClock(clock: Clock): Clock;
  login(node: string, error: unknown): void;
  denial(request: object, error: unknown): void;
  event(event: RunEvent): void;
  /** Takes down when the signal fires. */
  watch(signal: AbortSignal): void;
  /** Writes the last line; why the recording is not whole, or null. */
  finish(): string | null;
}

interface RecorderOptions {
  readonly header: RecordingHeader;
  readonly limits?: WriterLimits;
}

/** Begins the recording of a run in its folder. */
export function startRecording(folder: RecordingFolder, options: RecorderOptions): Recorder {
  const writer = new RecordingWriter(folder, options.limits);
  writer.append(options.header);
  const count = new Counter();
  const recording = { writer, count, open: new Set<() => void>() };
  return {
    wrap: (access) => wrapAccess(access, { ...recording, folder }),
    wrapKube: (kube) => recordKube(kube, recording),
    wrapClock: (clock) => wrapClock(clock, recording),
    login: (node, error) =>
      writer.append({ type: "login", node, error: error === null ? null : recordError(error) }),
    denial: (request, error) =>
      writer.append({
        ...{ type: "denial", seq: count.next(), request: { ...request } },
        error: recordError(error),
      }),
    event(event) {
      if (event.type !== "stepStarted" && event.type !== "stepEnded") return;
      const what = event.type === "stepStarted" ? "started" : "ended";
      writer.append({ type: "step", seq: count.next(), step: event.step, what });
    },
    watch(signal) {
      const onAbort = (): void => writer.append({ type: "interrupt", seq: count.next() });
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    },
    finish() {
      for (const close of [...recording.open]) close();
      writer.append({ type: "end", seq: count.next(), incomplete: writer.incomplete });
      return writer.incomplete;
    },
  };
}

function wrapAccess(
  access: GuardedAccess,
  to: Recording & { readonly folder: RecordingFolder },
): GuardedAccess {
  const { writer, count, folder } = to;
  const { node } = access;
  const begin = (action: string) => {
    const start = count.next();
    const startedMs = Date.now();
    return () => ({
      ...{ start, end: count.next(), node, action, startedAt: new Date(startedMs).toISOString() },
      durationMs: Date.now() - startedMs,
    });
  };
  return access.beside({
    async exec(argv, options, run): Promise<ExecResult> {
      const end = begin(options.action);
      try {
        const result = await run();
        const { exitCode, signal, timedOut, canceled, truncated, startedAt, durationMs } = result;
        const output = { stdout: writer.keep(result.stdout), stderr: writer.keep(result.stderr) };
        const flags = { exitCode, signal, timedOut, canceled, truncated };
        // The command's own times, in place of those of the call around it.
        writer.append({
          ...{ type: "exec", ...end(), argv, ...flags, ...output, startedAt, durationMs },
          error: null,
        });
        return result;
      } catch (error) {
        writer.append({ type: "exec", ...end(), argv, ...NOTHING, error: recordError(error) });
        throw error;
      }
    },
    stream: (argv: Argv, options, run) => {
      // It shows what is pulled later on.
      if (options.reads !== undefined) return run();
      const start = begin(options.action);
      try {
        const stream = run();
        return recordStream(stream, { ...to, end: start, signal: options.signal });
      } catch (error) {
        const empty = { text: "" };
        writer.append({
          ...{ type: "stream", ...start(), argv, exitCode: null, signal: null, transportLost: false },
          ...{ killed: false, stderr: empty, turns: empty, error: recordError(error) },
        });
        throw error;
      }
    },
    async pull({ remotePath, localPath }, options, run): Promise<PullResult> {
      const end = begin(options.action);
      const file = insideOf(folder.dir, localPath);
      try {
        const result = await run();
        const { bytes, sha256 } = result;
        writer.append({ type: "pull", ...end(), path: remotePath, file, bytes, sha256, error: null });
        return result;
      } catch (error) {
        const nothing = { file: null, bytes: 0, sha256: null };
        writer.append({ type: "pull", ...end(), path: remotePath, ...nothing, error: recordError(error) });
        throw error;
      }
    },
  });
}

const NOTHING = {
  ...{ exitCode: null, signal: null, timedOut: false, canceled: false, truncated: false },
  ...{ stdout: { text: "" }, stderr: { text: "" } },
} as const;

function insideOf(dir: string, path: string): string | null {
  const rel = relative(dir, path).split(sep).join("/");
  return rel === "" || rel.startsWith("../") || rel.startsWith("/") ? null : rel;
}

function wrapClock(clock: Clock, { writer, count }: Recording): Clock {
  const limits = new LimitCount();
  return {
    nowMs(step = "") {
      const ms = clock.nowMs();
      writer.append({ type: "now", seq: count.next(), step, ms });
      return ms;
    },
    async sleep(ms, signal, step = "") {
      const start = count.next();
      try {
        await clock.sleep(ms, signal, step);
        writer.append({ type: "sleep", step, start, end: count.next(), ms, aborted: false });
      } catch (error) {
        writer.append({ type: "sleep", step, start, end: count.next(), ms, aborted: true });
        throw error;
      }
    },
    limit(ms, step = "") {
      const start = count.next();
      const nth = limits.next(ms, step);
      const limit = clock.limit(ms, step);
      const onOver = (): void => writer.append({ type: "limit", step, start, end: count.next(), ms, nth });
      limit.signal.addEventListener("abort", onOver, { once: true });
      return limit;
    },
  };
}
