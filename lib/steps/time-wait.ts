import type { StepKind } from "../model/steps.js";
import { formatDuration, parseDuration } from "../model/units.js";
import { durationSchema, toMs } from "./schema.js";

interface Input {
  readonly duration: string | number;
}

export const timeWait: StepKind<Input, Record<string, never>> = {
  name: "time/wait",
  title: "Wait",
  description: "Waits, for instance while the pods make traffic by themselves. A `cancel` ends it early.",
  phase: "action",
  detach: "before",
  actions: [],
  waitMs: ({ duration }) => {
    if (typeof duration === "number") return duration;
    return typeof duration === "string" ? (parseDuration(duration) ?? null) : null;
  },
  inputSchema: {
    type: "object",
    required: ["duration"],
    additionalProperties: false,
    properties: { duration: { ...durationSchema, title: "How long to wait" } },
  },
  outputSchema: { type: "object", additionalProperties: false, properties: {} },
  example: { duration: "10s" },
  plan: async (input) => ({
    commands: [],
    outputs: {},
    notes: [`waits ${formatDuration(toMs(input.duration))}`],
  }),
  run: async (input, { clock, signal, cancelled, detach }) => {
    // The time went by without the client.
    if (detach?.phase === "collect") return {};
    await clock.sleep(toMs(input.duration), AbortSignal.any([signal, cancelled])).catch((error: unknown) => {
      if (signal.aborted || !cancelled.aborted) throw error;
    });
    return {};
  },
};
