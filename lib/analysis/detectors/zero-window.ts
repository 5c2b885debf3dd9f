import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, SideIndex } from "./facts.js";
import { count, duration, firstOf, otherSide, SIDES } from "./wording.js";

/** So short a stop is a receiver that keeps its sender in check. */
const LEAST_US = 200_000;

/** A receiver that takes nothing more: its application does not read. */
export const zeroWindow: FlowDetector = {
  kinds: {
    "zero-window": {
      title: "A receiver has no room left, for its program does not read",
      reference: "RFC 9293, 3.8.6.1",
    },
  },
  detect: (facts) => ([0, 1] as const).flatMap((side) => detectStop(facts, side)),
};

function detectStop({ tcp }: FlowFacts, side: SideIndex): readonly Said[] {
  const stops = tcp?.zeroWindows[side];
  if (stops === undefined || stops.count === 0 || stops.longestUs < LEAST_US) return [];
  return [
    {
      code: "zero-window",
      severity: "warn",
      summary: `${SIDES[side]} had no room for data: ${SIDES[otherSide(side)]} had to wait up to ${duration(stops.longestUs)}`,
      evidence: [`${count(stops.count, "window")} of 0 came from ${SIDES[side]}`],
      packets: firstOf(stops.packets),
      next: [
        `This is no fault of the network: see what the program of ${SIDES[side]} waits for (ss -tnmi shows its receive queue).`,
      ],
    },
  ];
}
