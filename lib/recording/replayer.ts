import { setMaxListeners } from "node:events";
import { HopbookError } from "../errors.js";
import type { Argv, ExecOptions, ExecResult, NodeAccess, PullResult } from "../model/access.js";
import type { Clock } from "../model/clock.js";
import type { KubeReader } from "../model/kube.js";
import type { RunEvent } from "../model/steps.js";
import { restoreError } from "./errors.js";
import type { ErrorRecord, ExecEntry, KubeEntry, PullEntry } from "./format.js";
import { argvOfPull, findNearest, keyOf, nameScripts, type CallName } from "./match.js";
import type { ReplayPlan } from "./replay-plan.js";
import { replayKube } from "./replay-kube.js";
import { readBlob } from "./read.js";
import { copyPulled } from "./replay-pull.js";
import { replayClock } from "./replay-clock.js";
import { playStream, type ReplayStream } from "./replay-stream.js";

export interface Replayer {
  /** Why a node could not be logged in to; null where it could, undefined where it was never tried. */
  loginOf(node: string): Error | null | undefined;
  /** The node, as it was. */
  access(node: string, via: NodeAccess["via"]): NodeAccess;
  /** The cluster's API, as it was; undefined where it was not read. */
  kube(): KubeReader | undefined;
  readonly clock: Clock;
  /** Throws what was thrown when this was asked for in the recorded run. */
  demand(request: object): void;
  event(event: RunEvent): void;
  /** Fires where the recorded run was interrupted, and where something is missing. */
  readonly signal: AbortSignal;
  /** What makes the replay worthless: an answer that is missing or not what its digest says. */
  readonly fault: HopbookError | null;
  close(): void;
}

interface ReplayerOptions {
  /** What runs now, for the error of a missing answer. */
  readonly currentSteps: () => readonly string[];
}

export function createReplayer(plan: ReplayPlan, options: ReplayerOptions): Replayer {
  const controller = new AbortController();
  const { schedule } = plan;
  let fault: HopbookError | null = null;
  const fail = (error: HopbookError): HopbookError => {
    fault ??= error;
    schedule.rush();
    controller.abort(error);
    return error;
  };
  const missing = (call: CallName): HopbookError => fail(describeMissing(plan, call, options.currentSteps()));
  plan.onInterrupt(() => controller.abort(new Error("the recorded run was interrupted here")));

  const answer = async <T>(body: () => Promise<T>): Promise<T> => {
    try {
      return await body();
    } catch (error) {
      throw error instanceof HopbookError ? fail(error) : error;
    }
  };
  return {
    loginOf: (node) => {
      const entry = plan.logins.get(node);
      if (entry === undefined) return undefined;
      return entry.error === null ? null : restoreError(entry.error, node);
    },
    kube: () => {
      const recorded = plan.header.cluster.kube;
      if (recorded === undefined) return undefined;
      const inTurn = <T>(entry: KubeEntry, signal: AbortSignal | undefined, body: () => Promise<T>) =>
        answerInTurn(plan, entry, {
          signals: signal === undefined ? [] : [signal],
          body: () => answer(body),
        });
      return replayKube(recorded, { plan, missing, inTurn });
    },
    access: (node, via) => createAccess({ node, via }, { plan, missing, answer }),
    clock: replayClock(plan),
    demand(request) {
      const found = plan.denials.get(JSON.stringify(request));
      if (found !== undefined)
        throw restoreError(
          found.error,
          "node" in request && typeof request.node === "string" ? request.node : "",
        );
    },
    event: (event) => plan.observe(event),
    signal: controller.signal,
    get fault() {
      return fault;
    },
    close: () => schedule.close(),
  };
}

interface Answers {
  readonly plan: ReplayPlan;
  readonly missing: (call: CallName) => HopbookError;
  readonly answer: <T>(body: () => Promise<T>) => Promise<T>;
}

function createAccess(
  { node, via }: { node: string; via: NodeAccess["via"] },
  { plan, missing, answer }: Answers,
): NodeAccess {
  const { schedule, dir } = plan;
  const streams = new Set<ReplayStream>();
  const closing = new AbortController();
  const inTurn = <T>(
    entry: ExecEntry | PullEntry,
    signal: AbortSignal | undefined,
    body: () => Promise<T>,
  ): Promise<T> => {
    const signals = [closing.signal, ...(signal === undefined ? [] : [signal])];
    return answerInTurn(plan, entry, { signals, body: () => answer(body) });
  };
  return {
    node,
    via,
    async exec(argv: Argv, options: ExecOptions): Promise<ExecResult> {
      const call: CallName = { kind: "exec", node, action: options.action, argv };
      const entry = plan.takeExec(keyOf(call));
      if (entry === undefined) throw missing(call);
      const [stdout, stderr] = await inTurn(entry, options.signal, () =>
        Promise.all([readBlob(dir, entry.stdout), readBlob(dir, entry.stderr)]),
      );
      const { exitCode, signal, timedOut, canceled, truncated, startedAt, durationMs } = entry;
      return {
        ...{ node, argv, exitCode, signal, stdout, stderr, timedOut, canceled, truncated },
        ...{ startedAt, durationMs },
      };
    },
    stream(argv, options) {
      const call: CallName = { kind: "stream", node, action: options.action, argv };
      const script = plan.takeStream(keyOf(call));
      if (script === undefined) throw missing(call);
      if (script.entry.error !== null) throw restoreError(script.entry.error, node);
      const stream = playStream(script, { argv, signal: options.signal, schedule });
      streams.add(stream);
      return stream;
    },
    async pull(remotePath, localPath, options): Promise<PullResult> {
      const call: CallName = { kind: "pull", node, action: options.action, argv: argvOfPull(remotePath) };
      const entry = plan.takePull(keyOf(call));
      if (entry === undefined) throw missing(call);
      return inTurn(entry, options.signal, () => copyPulled(dir, entry, localPath));
    },
    close() {
      closing.abort();
      for (const stream of streams) stream.finish();
      return Promise.resolve();
    },
  };
}

interface Answer<T> {
  /** Those that call it off. */
  readonly signals: readonly AbortSignal[];
  readonly body: () => Promise<T>;
}

/** Gives what was recorded when its turn has come: the answer, or what was thrown. */
function answerInTurn<T>(
  plan: ReplayPlan,
  entry: ExecEntry | PullEntry | KubeEntry,
  { signals, body }: Answer<T>,
): Promise<T> {
  const { schedule } = plan;
  return new Promise((resolve, reject) => {
    const stir = (): void => schedule.stir();
    // A run has one signal, and many commands that listen to it.
    setMaxListeners(0, ...signals);
    for (const each of signals) each.addEventListener("abort", stir, { once: true });
    schedule.arm(plan.endOf(entry), {
      mayCome: () => !cameByAbort(entry) || signals.some(({ aborted }) => aborted),
      mayBeForced: () => true,
      async deliver() {
        for (const each of signals) each.removeEventListener("abort", stir);
        if (entry.error === null) await body().then(resolve, reject);
        else reject(restoreError(entry.error, entry.node));
      },
    });
  });
}

/** Its end in the recorded run was that it was called off. */
function cameByAbort(entry: ExecEntry | PullEntry | KubeEntry): boolean {
  if (entry.type === "exec" && entry.canceled) return true;
  return entry.error !== null && isAbort(entry.error);
}

function isAbort({ code, name }: ErrorRecord): boolean {
  return code === "INTERRUPTED" || name === "AbortError";
}

function describeMissing(plan: ReplayPlan, call: CallName, steps: readonly string[]): HopbookError {
  const show = ({ node, action, argv }: CallName): string =>
    `${node}, ${action}: ${JSON.stringify(nameScripts(argv))}`;
  const times = plan.recordedTimes(keyOf(call));
  const nearest = times > 0 ? undefined : findNearest(call, plan.calls);
  const lines = [`asked for: ${show(call)}`];
  if (times > 0)
    lines.push(`it was recorded ${times === 1 ? "once" : `${times} times`}, and is asked for once more`);
  if (nearest !== undefined) lines.push(`nearest recorded: ${show(nearest)}`);
  const who = steps.length === 0 ? "" : ` by step ${steps.join(" or ")}`;
  return new HopbookError(
    "RECORDING_MISSING",
    `Cannot replay: a command on ${call.node} is not in the recording, asked for${who}`,
    {
      where: { node: call.node, argv: call.argv },
      detail: lines.join("\n"),
      hint: "Run the runbook on a cluster once more to record what it now asks for, or undo the change",
    },
  );
}
