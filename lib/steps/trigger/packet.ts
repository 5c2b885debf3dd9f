import { planPacketWatch, readPacketWatch } from "../../capture/index.js";
import { targetOf } from "../../model/hops.js";
import type { StepContext } from "../../model/steps.js";
import { formatDuration } from "../../model/units.js";
import { visible } from "../../model/visible.js";
import { findPoints } from "../capture-points.js";
import type { PointInput } from "../point-input.js";
import { waitForLine } from "./lines.js";
import type { SourceTime, TriggerSource } from "./types.js";

export interface PacketTrigger {
  readonly filter: string;
  readonly points: PointInput | readonly PointInput[];
}

const ACTION = "netns/tcpdump";
/** Nothing is written; what is printed is a line. */
const BYTES = 1024;

/** One source a point: the first packet at any of them fires. */
export async function planPacketTrigger(
  input: PacketTrigger,
  context: StepContext,
  time: SourceTime,
): Promise<readonly TriggerSource[]> {
  const { points } = await findPoints(input, context);
  return points.map((point): TriggerSource => {
    const node = targetOf(point);
    const command = { node, action: ACTION, argv: planPacketWatch(point, time), effect: "capture" } as const;
    return {
      commands: [command],
      note: `waits for a packet at ${point.name}, for at most ${formatDuration(time.seconds * 1000)}`,
      async wait(run, options) {
        const durationMs = time.seconds * 1000;
        const { filter } = point;
        run.demand({ kind: "capture", node, durationMs, bytes: BYTES, payload: "headers", filter });
        const read = (line: string): ReturnType<Parameters<typeof waitForLine>[1]> => {
          const meaning = readPacketWatch(line);
          if (meaning === "listening") return "armed";
          return meaning === null ? null : { what: meaning.packet };
        };
        const packet = await waitForLine(command, read, { context: run, options });
        const what = `a packet at ${point.name}: ${visible(packet, { maxChars: 300 })}`;
        return { by: "packet", what, node };
      },
    };
  });
}
