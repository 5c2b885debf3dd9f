import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, HopFacts, PlaceFacts, SideIndex, Sign } from "./facts.js";
import { firstOf, nameHop, SENT, share } from "./wording.js";

/**
 * A device that computes checksums itself gets them unfinished: at the sender's own places they are wrong, up to the
 * wire. Behind it, on another node, they are damage.
 */
export const checksums: FlowDetector = {
  kinds: {
    "checksum-wrong-on-arrival": {
      title: "Packets arrive with a wrong checksum, and are thrown away",
      reference: "https://docs.kernel.org/networking/checksum-offloads.html",
    },
    "outer-checksum-wrong-on-arrival": {
      title: "A tunnel's packets arrive with a wrong checksum in its own headers, and are thrown away",
      reference: "https://docs.kernel.org/networking/checksum-offloads.html",
    },
    "checksum-offloaded": {
      title: "Checksums are wrong where the sender's device is yet to compute them, which is no fault",
      reference: "https://docs.kernel.org/networking/segmentation-offloads.html",
    },
  },
  detect: (facts) =>
    ([0, 1] as const).flatMap((sender) => [
      ...detectWrong(facts, sender, INNER),
      ...detectWrong(facts, sender, OUTER),
    ]),
};

interface Layer {
  readonly code: string;
  readonly name: string;
  readonly signOf: (place: PlaceFacts) => Sign;
}

const INNER: Layer = {
  code: "checksum-wrong-on-arrival",
  name: "a wrong checksum",
  signOf: ({ badChecksums }) => badChecksums,
};
const OUTER: Layer = {
  code: "outer-checksum-wrong-on-arrival",
  name: "a wrong checksum in the tunnel's own headers",
  signOf: ({ badOuterChecksums }) => badOuterChecksums,
};

function detectWrong(facts: FlowFacts, sender: SideIndex, { code, name, signOf }: Layer): readonly Said[] {
  const way = sender === 0 ? facts.hops : facts.replyHops;
  const wrong = way.filter(({ by }) => signOf(by[sender]).count > 0);
  const [first] = wrong;
  if (first === undefined) return [];
  const home = way[0]!.hop.node;
  const arrived = wrong.find(({ hop }) => hop.node !== home);
  const shareAt = (at: HopFacts): string => {
    const { count, of } = signOf(at.by[sender]);
    return `${nameHop(at.hop)}: ${share(count, of, "packet")} with ${name}`;
  };
  if (arrived === undefined) {
    return [
      {
        code: "checksum-offloaded",
        severity: "note",
        summary: `${SENT[sender]} have ${name} at the sender's own places: its device computes it later`,
        evidence: wrong.map(shareAt),
        packets: firstOf(signOf(first.by[sender]).packets),
        next: ["Nothing has to be done: no place on another node shows it."],
      },
    ];
  }
  const sign = signOf(arrived.by[sender]);
  // A packet that stays on one machine, or between two virtual ones of it, needs no checksum either.
  const isTaken = facts.status === "delivered";
  return [
    {
      code,
      severity: isTaken ? "note" : "fail",
      summary: `${share(sign.count, sign.of, "packet")} of the ${SENT[sender]} came to ${nameHop(arrived.hop)} with ${name}${isTaken ? ", and were taken all the same" : ""}`,
      evidence: wrong.map(shareAt),
      packets: firstOf(sign.packets),
      next: [
        isTaken
          ? "Nothing has to be done: the receiver's kernel was told that the checksum is good."
          : "Switch the offload off on the sending node (ethtool -K DEVICE tx-checksum-ip-generic off; of a tunnel: on its device) and try again.",
      ],
    },
  ];
}
