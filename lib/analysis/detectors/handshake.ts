import type { FlowDetector, Said } from "./detector.js";
import type { ConnectionFacts, FlowFacts, LegFacts, SideIndex } from "./facts.js";
import { count, firstOf, nameHop, nameLeg, SENT, share } from "./wording.js";

/** What was asked for so late may have come about behind the captures' end. */
const GRACE_US = 1_000_000;

/** TCP handshakes that were never completed, and the leg on which they end. */
export const handshake: FlowDetector = {
  kinds: {
    "handshake-incomplete": {
      title: "Connections were asked for and did not come about",
      reference: "RFC 9293, 3.5",
    },
  },
  detect: detectIncomplete,
};

const NEXT = {
  lost: "Look at what stands between these two places: routes, firewall, tunnel device, MTU.",
  silent: "Look on the server's side: does it listen on the port, and does its firewall let the SYN in?",
  outside:
    "Look beyond that NIC: the router and firewall there, whether the server listens, and whether its answers find the address that the SYNs left with.",
  hairpin:
    "The server is the client's own pod: look on its node whether the rules lead the Service's address back to it, and whether the bridge port lets it in (hairpin mode).",
  stray:
    "See where the client has that address from: its configuration, or a name that it looked up before the Service was made anew.",
  client: "Look on the client's side: its firewall, and whether the SYN-ACK has the address that it asked.",
} as const;

function detectIncomplete(facts: FlowFacts): readonly Said[] {
  const tried = facts.connections.filter(
    ({ syns, firstUs }) => syns > 0 && facts.untilUs - firstUs > GRACE_US,
  );
  const failed = tried.filter(({ established, reset }) => !established && reset === null);
  if (failed.length === 0) return [];
  const answered = failed.filter(({ synAcks }) => synAcks > 0);
  // Most of them decide which half is told of.
  const isAnswered = answered.length * 2 > failed.length;
  const sender: SideIndex = isAnswered ? 1 : 0;
  const leg = brokenLeg(facts, sender);
  const what = isAnswered ? "SYN-ACKs" : "SYNs";
  const last = (sender === 0 ? facts.hops : facts.replyHops).at(-1);
  const where =
    leg !== null
      ? `end ${nameLeg(leg)}`
      : last === undefined
        ? "end out of sight"
        : arrived(last.hop, sender);
  return [
    {
      code: "handshake-incomplete",
      severity: "fail",
      summary: `${share(failed.length, tried.length, "connection")} never came about: the ${what} ${where}`,
      evidence: [
        `${count(sum(failed, "syns"), "SYN")} and ${count(sum(failed, "synAcks"), "SYN-ACK")} of these connections were seen`,
        ...(leg === null
          ? []
          : [`${leg.missing} of ${leg.sent} ${SENT[sender]} are missing ${nameLeg(leg)}`]),
      ],
      packets: firstOf(leg?.packets ?? []),
      next: [leg !== null ? NEXT.lost : isAnswered ? NEXT.client : nextOfSilence(facts)],
    },
  ];
}

/** SYNs that end at the last place may be at the server, on the way out of what was captured, or before their turn back. */
function nextOfSilence({ hops, nodesKnown, client, server, backend, isStray }: FlowFacts): string {
  if (isStray === true) return NEXT.stray;
  const last = hops.at(-1)?.hop;
  if ((backend ?? server).ip === client.ip) return NEXT.hairpin;
  const isOneNode = nodesKnown && hops.every(({ hop }) => hop.node === last?.node);
  return isOneNode && last?.role === "nic" ? NEXT.outside : NEXT.silent;
}

function arrived(hop: LegFacts["from"], sender: SideIndex): string {
  return sender === 0
    ? `came as far as ${nameHop(hop)}, the last place that was captured, and were not answered`
    : `came as far as ${nameHop(hop)}, and the client did not go on`;
}

function brokenLeg(facts: FlowFacts, sender: SideIndex): LegFacts | null {
  const broken = facts.legs[sender].filter(({ missing }) => missing > 0);
  return broken.toSorted((a, b) => b.missingFirsts - a.missingFirsts || b.missing - a.missing)[0] ?? null;
}

function sum(connections: readonly ConnectionFacts[], what: "syns" | "synAcks"): number {
  return connections.reduce((total, connection) => total + connection[what], 0);
}
