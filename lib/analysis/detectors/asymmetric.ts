import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, HopFacts } from "./facts.js";
import { isSameHop, nameHop } from "./wording.js";

/** Replies come back another way than the requests went. */
export const asymmetric: FlowDetector = {
  kinds: {
    "asymmetric-path": {
      title: "Replies come back another way than requests went",
      reference: "https://docs.kernel.org/networking/ip-sysctl.html (rp_filter)",
    },
  },
  detect: detectAsymmetric,
};

function detectAsymmetric({ hops, replyHops, status }: FlowFacts): readonly Said[] {
  const shows = (sender: 0 | 1) => (at: HopFacts) => at.by[sender].packets > 0;
  const [went, came] = [hops.filter(shows(0)), replyHops.filter(shows(1))];
  if (went.length === 0 || came.length === 0) return [];
  const without = (some: readonly HopFacts[], others: readonly HopFacts[]): readonly HopFacts[] =>
    some.filter(({ hop }) => others.every((other) => !isSameHop(hop, other.hop)));
  const [onlyWent, onlyCame] = [without(went, came), without(came, went)];
  // Replies that end on the way, and requests that were not seen, leave out places too.
  if (onlyCame.length === 0) return [];
  const list = (some: readonly HopFacts[]): string => some.map(({ hop }) => nameHop(hop)).join(", ");
  return [
    {
      code: "asymmetric-path",
      severity: status === "delivered" ? "note" : "warn",
      summary: `Replies come by ${list(onlyCame)}, where no request passes`,
      evidence: [
        ...(onlyWent.length === 0 ? [] : [`requests alone pass ${list(onlyWent)}`]),
        `replies alone pass ${list(onlyCame)}`,
      ],
      packets: [],
      next: [
        "See that nothing on the replies' way needs to know the requests: conntrack with INVALID dropped, NAT, rp_filter=1.",
      ],
    },
  ];
}
