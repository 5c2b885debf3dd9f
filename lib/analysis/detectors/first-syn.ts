import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts } from "./facts.js";
import { duration, firstOf, nameLeg, share } from "./wording.js";

/** RFC 6298: the first SYN is sent again after a second. */
const RETRY_US = 900_000;

/** Connections that came about with a later SYN only: each begins a second or more late. */
export const firstSyn: FlowDetector = {
  kinds: {
    "first-syn-lost": {
      title: "First SYNs are lost and their copies answered, so that connections begin a second late",
      reference: "RFC 6298, 2.1 and 5.7",
    },
  },
  detect: detectFirstSyn,
};

function detectFirstSyn(facts: FlowFacts): readonly Said[] {
  const made = facts.connections.filter(
    ({ established, handshakeUs }) => established && handshakeUs !== null,
  );
  const late = made.filter(({ syns, handshakeUs }) => syns > 1 && handshakeUs! >= RETRY_US);
  if (late.length === 0) return [];
  const leg = facts.legs[0].find(({ missingFirsts }) => missingFirsts > 0);
  const back = facts.legs[1].find(({ missing }) => missing > 0);
  const broken = leg ?? back;
  const where = broken === undefined ? "" : `; the first ones end ${nameLeg(broken)}`;
  const times = late.map(({ handshakeUs }) => handshakeUs!).sort((a, b) => a - b);
  const others = made.filter((one) => !late.includes(one)).map(({ handshakeUs }) => handshakeUs!);
  const usual = others.length === 0 ? [] : [`the others took at most ${duration(Math.max(...others))}`];
  return [
    {
      code: "first-syn-lost",
      severity: "warn",
      summary: `${share(late.length, made.length, "connection")} came about with a later SYN only, up to ${duration(times.at(-1)!)} late${where}`,
      evidence: [
        `from the first SYN to the SYN-ACK it took ${duration(times[0]!)} to ${duration(times.at(-1)!)}`,
        ...usual,
      ],
      packets: firstOf(broken?.packets ?? []),
      next: [
        "Look for what only first packets meet: conntrack insertion races (conntrack -S: insert_failed, drop), neighbour resolution, rate limits, a policy that is loaded late.",
      ],
    },
  ];
}
