import type { StepKind } from "../model/steps.js";
import {
  beginSession,
  captureTime,
  CAPTURE_ACTIONS,
  captureObjects,
  captureProperties,
  HELD_CAPTURE,
  planSession,
  type CaptureInput,
  type CaptureTime,
} from "./capture-session.js";
import { durationSchema, toMs } from "./schema.js";

interface Input extends CaptureInput {
  readonly maxDuration?: string | number;
}

interface Output {
  /** Names the captures for capture/stop. */
  readonly capture: string;
  readonly hops: number;
}

export const captureStart: StepKind<Input, Output> = {
  name: "capture/start",
  title: "Capture at every hop",
  description:
    "Starts one tcpdump a hop with the exact filter of the flows, on all nodes at once, and goes on when every one " +
    "of them listens. Without the client they end by themselves, and remove what they wrote.",
  phase: "action",
  detach: "twice",
  actions: CAPTURE_ACTIONS,
  takes: captureObjects,
  inputSchema: {
    type: "object",
    required: ["flows"],
    additionalProperties: false,
    properties: {
      ...captureProperties,
      maxDuration: { ...durationSchema, default: "10m", title: "When tcpdump ends at the latest" },
    },
  },
  outputSchema: {
    type: "object",
    required: ["capture"],
    properties: { capture: { type: "string" }, hops: { type: "integer" } },
  },
  example: { flows: "${{ steps.flows.outputs.flows }}", maxBytes: "64MiB" },
  async plan(input, context) {
    const { plans, commands, note, left } = planSession(input, context, captureTime(timeOf(input), context));
    const hops = plans.flatMap((plan) => plan.hops).length;
    return { commands, outputs: { capture: HELD_CAPTURE, hops }, notes: [note], left };
  },
  async run(input, context) {
    const { hops } = await beginSession(input, context, captureTime(timeOf(input), context));
    return { capture: HELD_CAPTURE, hops };
  },
};

function timeOf(input: Input): CaptureTime {
  return { maxMs: toMs(input.maxDuration ?? "10m"), marginMs: 0 };
}
