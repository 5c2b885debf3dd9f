import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, HopFacts, SideIndex } from "./facts.js";
import { count, firstOf, nameHop, SENT, share } from "./wording.js";

/** Hosts send with 64, 128 or 255; who sends with less wants to know who answers (traceroute). */
const LEAST_USUAL_TTL = 32;

/** Packets that go in a circle, or are sent with too small a TTL. */
export const hopLimit: FlowDetector = {
  kinds: {
    "routing-loop": { title: "Packets go in a circle", reference: "RFC 1812, 5.3.1" },
    "ttl-expired": {
      title: "Packets have used up their TTL on the way",
      reference: "RFC 792; RFC 1812, 5.3.1",
    },
  },
  detect: (facts) => ([0, 1] as const).flatMap((sender) => detectExpiry(facts, sender)),
};

function detectExpiry(facts: FlowFacts, sender: SideIndex): readonly Said[] {
  const way = sender === 0 ? facts.hops : facts.replyHops;
  const circling = way.filter(({ by }) => by[sender].returns.count > 0);
  const errors = facts.errors.filter(({ kind, about }) => kind === "timeExceeded" && about === sender);
  const told = errors.map(({ ip, how, count: times }) => `${ip}: ${count(times, how)}`);
  if (circling.length > 0)
    return [sayLoop({ circling, told, packets: errors.flatMap((one) => one.packets) }, sender)];
  const [error] = errors;
  if (error === undefined) return [];
  const [first] = way;
  const ttl = first?.by[sender].ttl ?? null;
  return [
    {
      code: "ttl-expired",
      severity: ttl !== null && ttl.least < LEAST_USUAL_TTL ? "note" : "fail",
      summary: `${SENT[sender]} used up their TTL at ${error.ip}`,
      evidence: [
        ...told,
        ...(ttl === null ? [] : [`at ${nameHop(first!.hop)} their TTL was ${ttl.least} to ${ttl.most}`]),
      ],
      packets: firstOf(error.packets),
      next: [
        "A small TTL at the sender is a program's own wish (traceroute, BGP); with a usual one look for routes that lead in a circle.",
      ],
    },
  ];
}

function sayLoop(
  found: { circling: readonly HopFacts[]; told: readonly string[]; packets: Said["packets"] },
  sender: SideIndex,
): Said {
  const { circling, told, packets } = found;
  const [first] = circling as [HopFacts, ...HopFacts[]];
  const { returns, packets: all } = first.by[sender];
  return {
    code: "routing-loop",
    severity: "fail",
    summary: `${SENT[sender]} come by ${nameHop(first.hop)} again and again, with another TTL each time`,
    evidence: [
      ...circling.map(({ hop, by }) => `${nameHop(hop)}: ${count(by[sender].returns.count, "return")}`),
      `there ${share(returns.count, all, "sighting")} of them`,
      ...told,
    ],
    packets: firstOf(returns.packets, packets),
    next: [
      "Compare the routes of the machines on the circle (ip route get ADDRESS on each): two of them send to each other.",
    ],
  };
}
