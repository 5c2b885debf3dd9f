import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, SideIndex } from "./facts.js";
import { count, firstOf, nameLeg, otherSide, share, SIDES } from "./wording.js";

/** So few, or so small a share, are what any network has. */
const [LEAST_COUNT, LEAST_SHARE] = [10, 0.03];

/** One side sends much of what it has to say more than once. */
export const retransmissions: FlowDetector = {
  kinds: {
    "retransmission-storm": {
      title: "Much of the data is sent more than once",
      reference: "RFC 5681, 3; RFC 6298",
    },
  },
  detect: (facts) => ([0, 1] as const).flatMap((sender) => detectStorm(facts, sender)),
};

function detectStorm(facts: FlowFacts, sender: SideIndex): readonly Said[] {
  const { tcp } = facts;
  if (tcp === null) return [];
  const again = tcp.retransmissions[sender];
  if (again.count < LEAST_COUNT || again.count / again.of < LEAST_SHARE) return [];
  const duplicates = tcp.duplicateAcks[otherSide(sender)];
  const worst = (side: SideIndex) =>
    facts.legs[side].filter(({ missing }) => missing > 0).toSorted((a, b) => b.missing - a.missing)[0];
  const [data, acknowledgements] = [worst(sender), worst(otherSide(sender))];
  const why =
    data !== undefined
      ? `: what is missing is lost ${nameLeg(data)}`
      : acknowledgements !== undefined
        ? `: nothing of it is lost, but acknowledgements are, ${nameLeg(acknowledgements)}`
        : ", though no place misses any: they may be late, or lost out of sight";
  return [
    {
      code: "retransmission-storm",
      severity: "warn",
      summary: `${SIDES[sender]} sent ${share(again.count, again.of, "segment")} again${why}`,
      evidence: [`${SIDES[otherSide(sender)]} sent ${count(duplicates, "duplicate acknowledgement")}`],
      packets: firstOf(again.packets),
      next: [
        "Look at the losses between the places above first; where there are none, at delays and at queues (tc -s qdisc, ethtool -S).",
      ],
    },
  ];
}
