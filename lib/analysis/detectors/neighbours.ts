import type { FlowDetector, Said } from "./detector.js";
import type { NeighbourFacts } from "./facts.js";
import { count, firstOf, nameHop } from "./wording.js";

/** ARP and neighbour discovery: nobody has an address, or two have it. */
export const neighbours: FlowDetector = {
  kinds: {
    "neighbour-unanswered": {
      title: "Nobody answers for an address, so that nothing can be sent to it",
      reference: "RFC 826; RFC 4861, 7.2",
    },
    "neighbour-two-macs": { title: "Two machines answer for one address", reference: "RFC 5227" },
  },
  detect: (facts) => facts.neighbours.flatMap(detectNeighbour),
};

const ASKED = { arp: "ARP", nd: "neighbour discovery" } as const;

function detectNeighbour(facts: NeighbourFacts): readonly Said[] {
  const { protocol, address, macs, questions, askedBy, at } = facts;
  const where = at.map(nameHop).join(", ");
  const evidence = [`${count(questions, "question")} by ${askedBy.join(", ")}, seen at ${where}`];
  const packets = firstOf(facts.packets);
  if (macs.length > 1) {
    return [
      {
        code: "neighbour-two-macs",
        severity: "fail",
        summary: `${address} is answered for by ${macs.join(" and ")} (${ASKED[protocol]})`,
        evidence,
        packets,
        next: [
          "Find both machines by their MACs (ip link, the bridge's FDB): one of them has an address that is not its own, or answers as a proxy (proxy_arp).",
        ],
      },
    ];
  }
  if (macs.length > 0 || questions === 0) return [];
  return [
    {
      code: "neighbour-unanswered",
      severity: "fail",
      summary: `Nobody answers for ${address} (${ASKED[protocol]})`,
      evidence,
      packets,
      next: [
        "Is the machine there, and on this segment? Where a host answers for it, see proxy_arp of its device, and that it has a route to the address: without one it stays silent.",
      ],
    },
  ];
}
