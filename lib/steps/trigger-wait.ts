import { findPatternFault } from "../cel/index.js";
import { HopbookError } from "../errors.js";
import type { StepContext, StepKind } from "../model/steps.js";
import { formatDuration } from "../model/units.js";
import { POINT_ACTIONS } from "./capture-input.js";
import { NOT_YET, toMs } from "./schema.js";
import { freezeCaptures, heldCaptures, refuseDetached } from "./shared/freeze.js";
import { addMark } from "./shared/marks.js";
import { leaseSecondsOf } from "./shared/lease.js";
import { planCommandTrigger, type CommandTrigger } from "./trigger/command.js";
import { planCounterTrigger, type CounterTrigger } from "./trigger/counter.js";
import { planEventTrigger, type EventTrigger } from "./trigger/event.js";
import { planLogTrigger, type LogTrigger } from "./trigger/log.js";
import { planPacketTrigger, type PacketTrigger } from "./trigger/packet.js";
import { planProbeTrigger, type ProbeTrigger } from "./trigger/probe.js";
import { triggerInputSchema } from "./trigger/schema.js";
import type { TriggerHit, TriggerSource } from "./trigger/types.js";
import { waitForAny } from "./trigger/wait.js";

interface Input {
  readonly packet?: PacketTrigger | null;
  readonly log?: LogTrigger | null;
  readonly command?: CommandTrigger | null;
  readonly counter?: CounterTrigger | null;
  readonly probe?: ProbeTrigger | null;
  readonly event?: EventTrigger | null;
  readonly at?: string | null;
  readonly every?: string | number;
  readonly timeout?: string | number;
  readonly times?: number;
  readonly cooldown?: string | number;
  readonly freeze?: { readonly capture: string; readonly last?: string | number | null } | null;
}

interface Output {
  readonly fired: boolean;
  /** Of the last time: packet, log, command, counter, probe, event, time; null where nothing fired. */
  readonly by: string | null;
  readonly what: string | null;
  /** RFC 3339, UTC, by the client's clock. */
  readonly at: string | null;
  readonly node: string | null;
  readonly times: number;
}

export const triggerWait: StepKind<Input, Output> = {
  name: "trigger/wait",
  title: "Wait until the fault shows",
  description:
    "Waits until one of these comes: a packet that fits a filter, a line of a pod's log, a command's exit code or output, a " +
    "counter that grows, a probe's outcome, an event of Kubernetes, a time. With `freeze` it then has the rings of a capture kept, and says when and why; up to `times`, with " +
    "`cooldown` between. Where nothing comes within `timeout`, `fired` is false. Needs its client.",
  phase: "action",
  detach: "before",
  announcesReady: true,
  actions: [],
  planActions: POINT_ACTIONS,
  inputSchema: triggerInputSchema,
  outputSchema: {
    type: "object",
    properties: {
      fired: { type: "boolean" },
      by: { type: ["string", "null"] },
      what: { type: ["string", "null"] },
      at: { type: ["string", "null"] },
      node: { type: ["string", "null"] },
      times: { type: "integer" },
    },
  },
  example: {
    command: { argv: ["ip", "-j", "link", "show"], on: "node/node-a", match: '"DOWN"' },
    every: "2s",
    timeout: "1h",
  },
  check: checkTrigger,
  async plan(input, context) {
    refuseDetached(context, "trigger/wait");
    checkTrigger(input);
    const sources = await planSources(input, context);
    if (sources.length === 0) {
      throw new HopbookError("INPUT_INVALID", "Cannot wait for a trigger: none is given", {
        hint: "Give packet, log, command, counter, probe, event or at; or leave the step out with `if`",
      });
    }
    return {
      commands: sources.flatMap(({ commands }) => commands),
      outputs: NOT_YET,
      notes: sources.map(({ note }) => note),
      kept: sources,
    };
  },
  async run(input, context, { kept }) {
    const sources = kept as readonly TriggerSource[];
    const { times = 1, cooldown = "30s", timeout = "10m" } = input;
    const over = new AbortController();
    const timer = context.clock.sleep(toMs(timeout), AbortSignal.any([over.signal, context.signal]));
    const timedOut = new AbortController();
    timer.then(
      () => timedOut.abort(),
      () => undefined,
    );
    const signal = AbortSignal.any([timedOut.signal, context.signal, context.cancelled]);
    const endings: Promise<void>[] = [];
    const hits: { readonly hit: TriggerHit; readonly at: string }[] = [];
    try {
      while (hits.length < times) {
        const hit = await waitForAny(sources, context, {
          signal,
          endings,
          armed: () => {
            context.ready();
            context.note("info", "waits from now on");
          },
        });
        context.signal.throwIfAborted();
        if (hit === null) break;
        hits.push({ hit, at: await answer(hit, input, context) });
        if (hits.length === times) break;
        await context.clock.sleep(toMs(cooldown), signal).catch(() => undefined);
        if (signal.aborted) break;
      }
    } finally {
      over.abort();
      await Promise.all(endings);
    }
    context.signal.throwIfAborted();
    if (hits.length === 0) context.note("info", `nothing came within ${formatDuration(toMs(timeout))}`);
    const last = hits.at(-1);
    return {
      ...{ fired: last !== undefined, times: hits.length, at: last?.at ?? null },
      ...{ by: last?.hit.by ?? null, what: last?.hit.what ?? null, node: last?.hit.node ?? null },
    };
  },
};

/** Says that it fired, and has the rings kept. Gives back when it fired. */
async function answer({ what, by }: TriggerHit, { freeze }: Input, context: StepContext): Promise<string> {
  const sinceMs = context.clock.nowMs();
  const at = new Date(sinceMs).toISOString();
  if (freeze == null) context.note("info", `${at}: ${what}`);
  else {
    heldCaptures(freeze.capture, context);
    const lastMs = freeze.last == null ? null : toMs(freeze.last);
    await freezeCaptures({ capture: freeze.capture, lastMs }, { why: what, sinceMs }, context);
  }
  await addMark({ kind: "trigger", at, text: `${by}: ${what}` }, context);
  return at;
}

function checkTrigger(input: Input): void {
  const { log, command, probe, event, at } = input;
  const refuse = (why: string, hint: string): HopbookError =>
    new HopbookError("INPUT_INVALID", `Cannot wait for a trigger: ${why}`, { hint });
  for (const match of [log?.match, command?.match, probe?.match, event?.match]) {
    const fault = match === undefined ? undefined : findPatternFault(match);
    if (fault !== undefined) throw refuse(fault.message, fault.suggestion ?? "Write it as for RE2");
  }
  if (at != null && Number.isNaN(Date.parse(at))) {
    throw refuse(`${JSON.stringify(at)} is no time`, "Write it as 2026-01-31T22:00:00Z");
  }
}

async function planSources(input: Input, context: StepContext): Promise<readonly TriggerSource[]> {
  const { packet, log, command, counter, probe, event, at } = input;
  const everyMs = toMs(input.every ?? "1s");
  const seconds = Math.ceil(toMs(input.timeout ?? "10m") / 1000);
  const time = { seconds, leaseSeconds: leaseSecondsOf(context.profile) };
  return [
    ...(packet == null ? [] : await planPacketTrigger(packet, context, time)),
    ...(log == null ? [] : await planLogTrigger(log, context, time)),
    ...(command == null ? [] : [await planCommandTrigger(command, context, everyMs)]),
    ...(counter == null ? [] : [await planCounterTrigger(counter, context, everyMs)]),
    ...(probe == null ? [] : [await planProbeTrigger(probe, context, everyMs)]),
    ...(event == null ? [] : [planEventTrigger(event, context, everyMs)]),
    ...(at == null ? [] : [timeSource(at)]),
  ];
}

function timeSource(at: string): TriggerSource {
  return {
    commands: [],
    note: `waits until ${at}`,
    async wait({ clock }, { signal, armed }) {
      armed();
      await clock.sleep(Math.max(0, Date.parse(at) - clock.nowMs()), signal);
      return { by: "time", what: `it is ${at}`, node: null };
    },
  };
}
