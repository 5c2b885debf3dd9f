import type { StepKind } from "../model/steps.js";
import {
  beginSession,
  captureTime,
  CAPTURE_ACTIONS,
  HELD_CAPTURE,
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
    "of them listens; or one a point, with a filter that tcpdump on the node compiled before anything starts. Without " +
    "the client they end by themselves, and remove what they wrote. A pod at a point that ends meanwhile is said, and its capture is " +
    "brought here before the others end.",
  phase: "action",
  detach: "twice",
  actions: CAPTURE_ACTIONS,
  takes: captureObjects,
  planActions: POINT_ACTIONS,
  inputSchema: {
    type: "object",
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
  check: checkCaptureInput,
  async plan(input, context) {
    const found = await findPointsOf(input, context);
    const time = { ...captureTime(timeOf(input), context), found };
    const { plans, commands, note, left } = planSession(input, context, time);
    const hops = plans.flatMap((plan) => plan.hops).length;
    return { commands, outputs: { capture: HELD_CAPTURE, hops }, notes: [note], left, kept: found };
  },
  async run(input, context, plan) {
    const time = { ...captureTime(timeOf(input), context), found: foundOf(plan) };
    const { hops } = await beginSession(input, context, time);
    return { capture: HELD_CAPTURE, hops };
  },
};

function timeOf(input: Input): CaptureTime {
  return { maxMs: toMs(input.maxDuration ?? "10m"), marginMs: 0 };
}
