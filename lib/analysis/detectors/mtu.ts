import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, HopFacts, LegFacts, SideIndex } from "./facts.js";
import { count, firstOf, nameHop, nameLeg, SENT, share } from "./wording.js";

/** Lost and passed packets that are apart by so few bytes are no proof of a size between them. */
const LEAST_LOST = 2;
/** IPv4 and TCP headers without options. */
const HEADERS_BYTES = 40;

/** Packets over some size that vanish, and segment sizes that are agreed on and do not fit. */
export const mtu: FlowDetector = {
  kinds: {
    "mtu-hole": { title: "Packets over a size vanish without a word", reference: "RFC 2923, 2.1; RFC 8899" },
    "path-mtu-learned": {
      title: "A router asked for smaller packets, and they passed",
      reference: "RFC 1191; RFC 8201",
    },
    "mss-too-large": {
      title: "The two ends agreed on segments larger than a device on the way carries",
      reference: "RFC 6691",
    },
  },
  detect: (facts) => [
    ...([0, 1] as const).flatMap((sender) =>
      facts.legs[sender].flatMap((leg) => detectHole(facts, sender, leg)),
    ),
    ...detectLearned(facts),
    ...detectSegments(facts),
  ],
};

function detectHole({ errors }: FlowFacts, sender: SideIndex, leg: LegFacts): readonly Said[] {
  const { missing, missingBytes, passedBytes } = leg;
  if (missingBytes === null || missing < LEAST_LOST) return [];
  const largest = passedBytes?.most ?? 0;
  // Where small ones are missing too, or all are, it is not the size.
  if (passedBytes === null || missingBytes.least <= largest) return [];
  const told = errors.filter(({ about, kind }) => about === sender && kind === "tooBig");
  return [
    {
      code: "mtu-hole",
      severity: "fail",
      summary: `${SENT[sender]} of ${missingBytes.least} bytes and more vanish ${nameLeg(leg)}; up to ${largest} bytes they pass`,
      evidence: [
        `${share(missing, leg.sent, "packet")} missing, of ${missingBytes.least} to ${missingBytes.most} bytes`,
        told.length === 0
          ? "no router said that they are too big (no ICMP was seen)"
          : `${told[0]!.ip} said that they are too big, and they went on`,
      ],
      packets: firstOf(leg.packets),
      next: [
        `Compare the MTUs on both sides of it (ip -d link), with what a tunnel adds; set the pods' MTU below ${missingBytes.least} (the largest that was seen to pass has ${largest} bytes), or let ICMP through.`,
      ],
    },
  ];
}

function detectLearned({ errors, legs }: FlowFacts): readonly Said[] {
  return errors
    .filter(({ kind, about }) => kind === "tooBig" && !legs[about].some(({ missing }) => missing > 0))
    .map(({ about, ip, mtuBytes, count: times, packets }) => ({
      code: "path-mtu-learned",
      severity: "note",
      summary: `${ip} asked for smaller ${SENT[about]}${mtuBytes === null ? "" : `, of ${mtuBytes} bytes at most`}, and none is missing`,
      evidence: [count(times, "such error")],
      packets: firstOf(packets),
      next: ["Nothing has to be done; a smaller MTU on the sender's device would spare the detour."],
    }));
}

function detectSegments(facts: FlowFacts): readonly Said[] {
  const sizes = facts.connections.flatMap(({ maximumSegmentBytes: [client, server] }) =>
    client === null || server === null ? [] : [Math.min(client, server)],
  );
  const largest = Math.max(...sizes);
  const hops = [...facts.hops, ...facts.replyHops];
  const narrow = hops.filter((hop): hop is HopFacts & { mtuBytes: number } => hop.mtuBytes !== null);
  const [least] = narrow.toSorted((a, b) => a.mtuBytes - b.mtuBytes);
  if (least === undefined || sizes.length === 0 || largest + HEADERS_BYTES <= least.mtuBytes) return [];
  return [
    {
      code: "mss-too-large",
      severity: "warn",
      summary: `The ends agreed on segments of ${largest} bytes; ${nameHop(least.hop)} carries packets of ${least.mtuBytes} bytes`,
      evidence: [`with its headers a full segment is at least ${largest + HEADERS_BYTES} bytes`],
      packets: [],
      next: [
        "Set the pods' MTU to the smallest on the way, or clamp the MSS there (iptables … TCPMSS --clamp-mss-to-pmtu).",
      ],
    },
  ];
}
