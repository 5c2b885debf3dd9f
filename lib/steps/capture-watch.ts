import type { StepContext, StepKind } from "../model/steps.js";
import { formatDuration } from "../model/units.js";
import {
  beginSession,
  captureTime,
  CAPTURE_ACTIONS,
  countPackets,
  planSession,
  type CaptureTime,
} from "./capture-session.js";
import {
  captureObjects,
  captureProperties,
  checkCaptureInput,
  findPointsOf,
  foundOf,
  POINT_ACTIONS,
  type CaptureInput,
} from "./capture-input.js";
import { durationSchema, NOT_YET, toMs } from "./schema.js";
import { countOf } from "./shared/count-of.js";

interface Input extends CaptureInput {
  readonly duration?: string | number;
}

interface WatchedHop {
  /** In the run's folder; null where nothing could be brought. */
  readonly pcap: string | null;
  readonly node: string;
  readonly interface: string;
  /** null where tcpdump did not say. */
  readonly packets: number | null;
  readonly droppedByKernel: number | null;
}

interface Output {
  readonly captures: readonly WatchedHop[];
  readonly packets: number;
}

/** The client stops them; the nodes do it only where the client could not. */
const MARGIN_MS = 15_000;

export const captureWatch: StepKind<Input, Output> = {
  name: "capture/watch",
  title: "Watch every hop",
  description:
    "Captures at every hop of the flows, or at points with a filter, until its duration is over or a `cancel` step ends it, then stops, brings " +
    "the captures here and removes them from the nodes. Made for `background: true`: the next step begins when every " +
    "hop listens. It is capture/start and capture/stop in one step; a run has one set of captures.",
  phase: "action",
  detach: "twice",
  actions: CAPTURE_ACTIONS,
  planActions: POINT_ACTIONS,
  announcesReady: true,
  takes: captureObjects,
  inputSchema: {
    type: "object",
    additionalProperties: false,
    properties: {
      ...captureProperties,
      duration: { ...durationSchema, default: "10m", title: "How long, where nothing ends it before" },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      captures: {
        type: "array",
        items: {
          type: "object",
          properties: {
            pcap: { type: ["string", "null"] },
            node: { type: "string" },
            interface: { type: "string" },
            packets: { type: ["integer", "null"] },
            droppedByKernel: { type: ["integer", "null"] },
          },
        },
      },
      packets: { type: "integer" },
    },
  },
  example: { flows: "${{ steps.flows.outputs.flows }}", duration: "30s" },
  check: checkCaptureInput,
  async plan(input, context) {
    const found = await findPointsOf(input, context);
    const time = { ...captureTime(timeOf(input), context), found };
    const { commands, note, left } = planSession(input, context, time);
    return { commands, outputs: NOT_YET, notes: [note], left, kept: found };
  },
  async run(input, context, plan) {
    const time = { ...captureTime(timeOf(input), context), found: foundOf(plan) };
    const { captures: held } = await beginSession(input, context, time);
    context.ready();
    // Its end comes when the run is collected: what is put out until then is nothing yet.
    if (context.detach?.phase === "start") return { captures: [], packets: 0 };
    if (context.detach === undefined) await waitFor(time.maxMs, context);
    // After an interrupt what holds the session finishes it, quicker.
    context.signal.throwIfAborted();
    const records = await held.finish(context);
    const packets = countPackets(records);
    context.note("info", `${countOf(records.length, "hop")} watched, ${countOf(packets, "packet")}`);
    const captures = records.map((record) => ({
      ...{ pcap: record.pcap, node: record.node, interface: record.interface },
      ...{ packets: record.captured, droppedByKernel: record.droppedByKernel },
    }));
    return { captures, packets };
  },
};

function timeOf(input: Input): CaptureTime {
  const maxMs = toMs(input.duration ?? "10m");
  return { maxMs, marginMs: MARGIN_MS, lastsMs: maxMs };
}

async function waitFor(ms: number, context: StepContext): Promise<void> {
  const { clock, signal, cancelled } = context;
  const end = AbortSignal.any([signal, cancelled]);
  await clock.sleep(ms, end).catch((error: unknown) => {
    if (!end.aborted) throw error;
    if (!signal.aborted) context.note("info", `ended before its ${formatDuration(ms)} were over`);
  });
}
