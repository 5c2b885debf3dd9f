import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, LegFacts, OtherFlow, SideIndex } from "./facts.js";
import { isSameHop, nameLeg, SENT } from "./wording.js";

/** Where all packets of one protocol vanish and another's pass, it is no broken line. */
export const protocols: FlowDetector = {
  kinds: {
    "one-protocol-dropped": {
      title: "One protocol, or port, is dropped where another passes",
      reference: null,
    },
  },
  detect: (facts) =>
    ([0, 1] as const).flatMap((sender) => facts.legs[sender].flatMap((leg) => detectLeg(facts, sender, leg))),
};

function detectLeg(facts: FlowFacts, sender: SideIndex, leg: LegFacts): readonly Said[] {
  if (leg.missing === 0 || leg.missing < leg.sent) return [];
  const passing = facts.others.filter((other) => passes(other, { sender, leg }));
  const [other] = passing.toSorted((a, b) => Number(isAlike(b, facts)) - Number(isAlike(a, facts)));
  if (other === undefined) return [];
  const [own, theirs] = [name(facts), name(other)];
  const ends = isAlike(other, facts) ? "between the same ends" : "of others";
  return [
    {
      code: "one-protocol-dropped",
      severity: "fail",
      summary: `${own} is dropped ${nameLeg(leg)}, where ${theirs} ${ends} passes`,
      evidence: [
        `${leg.missing} of ${leg.sent} ${SENT[sender]} of ${own} are missing there`,
        `${passing.length} other flow${passing.length === 1 ? "" : "s"} lost nothing there`,
      ],
      packets: leg.packets,
      next: [
        "Look for a rule that knows the protocol or the port (firewall, NetworkPolicy); within a tunnel for a device that handles its inner packets (checksum and segmentation offload of the NIC or hypervisor).",
      ],
    },
  ];
}

/** A flow of another protocol or port that went over the same leg, and lost nothing there. */
function passes(other: OtherFlow, at: { sender: SideIndex; leg: LegFacts }): boolean {
  return other.legs[at.sender].some(
    ({ from, to, sent, missing }) =>
      isSameHop(from, at.leg.from) && isSameHop(to, at.leg.to) && sent > 0 && missing === 0,
  );
}

function isAlike(other: OtherFlow, { client, server, backend }: FlowFacts): boolean {
  const target = (backend ?? server).ip;
  return other.client.ip === client.ip && (other.backend ?? other.server).ip === target;
}

function name({ protocol, server }: FlowFacts | OtherFlow): string {
  return server.port === null ? protocol.toUpperCase() : `${protocol.toUpperCase()} port ${server.port}`;
}
