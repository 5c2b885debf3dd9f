import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, SideIndex } from "./facts.js";
import { firstOf, nameHop, SENT, share } from "./wording.js";

/** The same packet twice at one place. */
export const duplicates: FlowDetector = {
  kinds: {
    "duplicate-packets": {
      title: "Packets come twice",
      reference: "https://docs.kernel.org/networking/bonding.html",
    },
  },
  detect: (facts) => ([0, 1] as const).flatMap((sender) => detectTwice(facts, sender)),
};

function detectTwice(facts: FlowFacts, sender: SideIndex): readonly Said[] {
  const way = sender === 0 ? facts.hops : facts.replyHops;
  const at = way.findIndex(({ by }) => by[sender].duplicates.count > 0);
  if (at < 0) return [];
  const { hop, by } = way[at]!;
  const before = way[at - 1];
  const sign = by[sender].duplicates;
  const since = before === undefined ? "" : `; ${nameHop(before.hop)} before it shows none`;
  return [
    {
      code: "duplicate-packets",
      severity: "warn",
      summary: `${share(sign.count, sign.of, "packet")} of the ${SENT[sender]} came twice to ${nameHop(hop)}${since}`,
      evidence: way.slice(at).flatMap((one) => {
        const { count, of } = one.by[sender].duplicates;
        return count === 0 ? [] : [`${nameHop(one.hop)}: ${share(count, of, "packet")} twice`];
      }),
      packets: firstOf(sign.packets),
      next: [
        "Look for two ways that both deliver: a bond in broadcast mode, a bridge loop, mirrored ports, two FDB entries of one MAC.",
      ],
    },
  ];
}
