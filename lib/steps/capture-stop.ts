import type { StepKind } from "../model/steps.js";
import { CAPTURE_ACTIONS, countPackets } from "./capture-session.js";
import { NOT_YET } from "./schema.js";
import { heldCaptures } from "./shared/freeze.js";

interface Input {
  readonly capture: string;
}

interface Output {
  /** Packets that all captures hold together. */
  readonly packets: number;
}

export const captureStop: StepKind<Input, Output> = {
  name: "capture/stop",
  title: "Stop the captures and bring them here",
  description:
    "Waits until the kernel's buffers are through, ends every tcpdump, copies the files and removes them from the " +
    "nodes. What tcpdump says of dropped packets is kept beside them.",
  phase: "action",
  detach: "before",
  actions: CAPTURE_ACTIONS,
  inputSchema: {
    type: "object",
    required: ["capture"],
    additionalProperties: false,
    properties: { capture: { type: "string", title: "From capture/start" } },
  },
  outputSchema: { type: "object", properties: { packets: { type: "integer" } } },
  example: { capture: "${{ steps.capture.outputs.capture }}" },
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run(input, context) {
    const captures = heldCaptures(input.capture, context);
    return { packets: countPackets(await captures.finish(context)) };
  },
};
