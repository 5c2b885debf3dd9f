import type { CaptureSession } from "../capture/index.js";
import { HopbookError } from "../errors.js";
import type { CapturesFile } from "../model/evidence.js";
import type { StepContext, StepKind } from "../model/steps.js";

interface Input {
  readonly capture: string;
}

interface Output {
  /** Packets that all captures hold together. */
  readonly packets: number;
}

export const HELD_CAPTURE = "captures";

/** A session is finished once, by its step or when it is let go of, whichever comes first. */
const finished = new WeakSet<CaptureSession>();

export const captureStop: StepKind<Input, Output> = {
  name: "capture/stop",
  title: "Stop the captures and bring them here",
  description:
    "Waits until the kernel's buffers are through, ends every tcpdump, copies the files and removes them from the " +
    "nodes. What tcpdump says of dropped packets is kept beside them.",
  phase: "action",
  actions: ["netns/tcpdump", "capture/pull"],
  inputSchema: {
    type: "object",
    required: ["capture"],
    additionalProperties: false,
    properties: { capture: { type: "string", title: "From capture/start" } },
  },
  outputSchema: { type: "object", properties: { packets: { type: "integer" } } },
  example: { capture: "${{ steps.capture.outputs.capture }}" },
  plan: () => Promise.resolve({ commands: [], outputs: { packets: 0 }, notes: [] }),
  async run(input, context) {
    const session = context.held(input.capture) as CaptureSession | undefined;
    if (session === undefined) {
      throw new HopbookError("CAPTURE_FAILED", `Cannot stop ${input.capture}: no capture of that name runs`);
    }
    return { packets: await finishCapture(session, context, { interrupted: false }) };
  },
};

/**
 * Stops, pulls, removes. After an interruption it waits less and still brings what there is: partial evidence is
 * evidence. Resolves with the number of packets.
 */
export async function finishCapture(
  session: CaptureSession,
  context: StepContext,
  how: { interrupted: boolean },
): Promise<number> {
  if (finished.has(session)) return 0;
  finished.add(session);
  try {
    await session.stop(how.interrupted ? { settleMs: 300 } : {});
    const captures = await session.pull(context.sink.dir);
    const file: CapturesFile = { captures, barrier: session.barrier };
    await context.sink.writeJson("evidence/captures.json", file);
    for (const record of captures) {
      if (record.endedEarly !== null) {
        context.markIncomplete(`the capture at ${record.hopId} ended early: ${record.endedEarly}`);
      }
      if (record.pcap === null) continue;
      const { node, argv, sha256, sizeBytes } = record;
      context.sink.registerFile(record.pcap, {
        node,
        argv,
        sizeBytes,
        ...(sha256 === null ? {} : { sha256 }),
      });
    }
    return captures.reduce((sum, { captured }) => sum + (captured ?? 0), 0);
  } finally {
    const left = await session.remove();
    for (const node of left) {
      context.markIncomplete(
        `${node} did not confirm that its captures are removed; they end with their lease`,
      );
    }
  }
}
