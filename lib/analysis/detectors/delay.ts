import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, LegFacts } from "./facts.js";
import { duration, isSameHop, nameLeg, SENT } from "./wording.js";

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
  detect: (facts) => [...detectOnNode(facts, 0), ...detectOnNode(facts, 1), ...detectBetween(facts)],
};

type Timed = LegFacts & { readonly delayUs: NonNullable<LegFacts["delayUs"]> };

/** On one node there is one clock. */
function detectOnNode(facts: FlowFacts, sender: 0 | 1): readonly Said[] {
  const legs = timed(facts, sender);
  const total = sum(legs);
  return legs.flatMap((leg) => {
    const { least, median, most } = leg.delayUs;
    if (leg.from.node !== leg.to.node || median < LEAST_US || median < total * LEAST_SHARE) return [];
    return [
      {
        code: "delay-on-leg",
        severity: "warn",
        summary: `${SENT[sender]} take ${duration(median)} ${nameLeg(leg)}, of ${duration(total)} in all`,
        evidence: [
          `from ${duration(least)} to ${duration(most)}, the median is ${duration(median)}: one clock`,
        ],
        packets: [],
        next: [
          "Look on that node for a queue (tc -s qdisc), a limit of CPU for softirqs, or a program that packets go through.",
        ],
      },
    ];
  });
}

/** Two clocks are as far apart as nobody knows, but not for the way there and back taken together. */
function detectBetween(facts: FlowFacts): readonly Said[] {
  const [requests, replies] = [timed(facts, 0), timed(facts, 1)];
  const total = sum(requests) + sum(replies);
  return requests.flatMap((leg) => {
    const back = replies.find(({ from, to }) => isSameHop(from, leg.to) && isSameHop(to, leg.from));
    if (leg.from.node === leg.to.node || back === undefined) return [];
    const both = leg.delayUs.median + back.delayUs.median;
    if (both < LEAST_US * 2 || both < total * LEAST_SHARE) return [];
    return [
      {
        code: "delay-on-leg",
        severity: "warn",
        summary: `There and back it takes ${duration(both)} ${nameLeg(leg)}, of ${duration(total)} in all`,
        evidence: [
          "which of the two ways takes how much is not known: the nodes' clocks are compared by these packets",
        ],
        packets: [],
        next: [
          "Look at the line between the two nodes: queues, bandwidth, and whatever the packets go through there.",
        ],
      },
    ];
  });
}

function timed(facts: FlowFacts, sender: 0 | 1): readonly Timed[] {
  return facts.legs[sender].filter((leg): leg is Timed => leg.delayUs !== null);
}

function sum(legs: readonly Timed[]): number {
  return legs.reduce((total, { delayUs }) => total + Math.max(0, delayUs.median), 0);
}
