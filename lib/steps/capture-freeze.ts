import type { StepKind } from "../model/steps.js";
import { CAPTURE_ACTIONS } from "./capture-session.js";
import { durationSchema, NOT_YET, toMs } from "./schema.js";
import { freezeCaptures, refuseDetached } from "./shared/freeze.js";

interface Input {
  readonly capture: string;
  readonly last?: string | number | null;
  readonly why?: string;
}

interface Output {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly tookMs: number;
}

export const captureFreeze: StepKind<Input, Output> = {
  name: "capture/freeze",
  title: "Keep what the rings hold",
  description:
    "Keeps the files that the rings hold now on every node, for nothing that comes later to overwrite them, and goes on " +
    "capturing. At the end a point's file has what was kept and what the ring then holds. As often as the capture's `freezes` says.",
  phase: "action",
  detach: "before",
  actions: CAPTURE_ACTIONS,
  inputSchema: {
    type: "object",
    required: ["capture"],
    additionalProperties: false,
    properties: {
      capture: { type: "string", title: "From capture/start" },
      last: {
        anyOf: [...durationSchema.anyOf, { type: "null" }],
        default: null,
        title: "Files that ended before so long are dropped; null: everything is kept",
      },
      why: {
        type: "string",
        maxLength: 500,
        default: "a step asked for it",
        title: "What the run says of it",
      },
    },
  },
  outputSchema: { type: "object", properties: { at: { type: "string" }, tookMs: { type: "number" } } },
  example: { capture: "${{ steps.capture.outputs.capture }}", last: "5m", why: "the alert came" },
  plan(_input, context) {
    refuseDetached(context, "capture/freeze");
    return Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] });
  },
  async run({ capture, last = null, why = "a step asked for it" }, context) {
    const cause = { why, sinceMs: context.clock.nowMs() };
    return freezeCaptures({ capture, lastMs: last === null ? null : toMs(last) }, cause, context);
  },
};
