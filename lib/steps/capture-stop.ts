import { HopbookError } from "../errors.js";
import type { StepKind } from "../model/steps.js";
import { CAPTURE_ACTIONS, countPackets, HeldCaptures } from "./capture-session.js";
import { NOT_YET } from "./schema.js";

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
    const captures = context.held(input.capture);
    // A step may hold something else under the name that it is given.
    if (!(captures instanceof HeldCaptures)) {
      throw new HopbookError("CAPTURE_FAILED", `Cannot stop ${input.capture}: no capture of that name runs`);
    }
    return { packets: countPackets(await captures.finish(context)) };
  },
};
