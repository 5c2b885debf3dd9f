import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, LegFacts, SideIndex } from "./facts.js";
import { duration, nameLeg, SENT } from "./wording.js";

/** Less is nothing that a person feels; a leg that has less than half of all is not where it arises. */
const [LEAST_US, LEAST_SHARE] = [10_000, 0.5];

/** Where on the way the time goes. */
export const delay: FlowDetector = {
  kinds: {
    "delay-on-leg": {
      title: "Most of the time on the way is spent between two places",
      reference: "RFC 7679",
    },
  },
  detect: (facts) => ([0, 1] as const).flatMap((sender) => detectDelay(facts, sender)),
};

type Timed = LegFacts & { readonly delayUs: NonNullable<LegFacts["delayUs"]> };

function detectDelay(facts: FlowFacts, sender: SideIndex): readonly Said[] {
  const timed = facts.legs[sender].filter((leg): leg is Timed => leg.delayUs !== null);
  const total = timed.reduce((sum, { delayUs }) => sum + Math.max(0, delayUs.median), 0);
  return timed.flatMap((leg) => {
    const { least, median, most } = leg.delayUs;
    const error = leg.clockErrorUs;
    // A delay within the clocks' error, or by clocks of which nothing is known, is none that was measured.
    if (median < LEAST_US || median < total * LEAST_SHARE || error === null || median <= error * 3) return [];
    return [
      {
        code: "delay-on-leg",
        severity: "warn",
        summary: `${SENT[sender]} take ${duration(median)} ${nameLeg(leg)}, of ${duration(total)} in all`,
        evidence: [
          `from ${duration(Math.max(0, least))} to ${duration(most)}, the median is ${duration(median)}`,
          error === 0
            ? "both places are on one node: one clock"
            : `the two clocks may be ${duration(error)} apart`,
        ],
        packets: [],
        next: [
          leg.from.node === leg.to.node
            ? "Look on that node for a queue (tc -s qdisc), a limit of CPU for softirqs, or a program that packets go through."
            : "Look at the line between the two nodes: queues, bandwidth, and whatever the packets go through there.",
        ],
      },
    ];
  });
}
