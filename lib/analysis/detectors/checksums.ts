import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, HopFacts, PlaceFacts, SideIndex, Sign } from "./facts.js";
import { firstOf, nameHop, SENT, share } from "./wording.js";

/**
 * A checksum that is wrong is damage, wherever it is seen. One that is unfinished is the sender's device's to complete:
 * no fault at its own places, nor between machines that are one kernel; beyond a wire it is one.
 */
export const checksums: FlowDetector = {
  kinds: {
    "checksum-wrong": {
      title: "Packets have a wrong checksum, and are thrown away where they arrive",
      reference: "RFC 1071; RFC 9293, 3.1",
    },
    "outer-checksum-wrong": {
      title:
        "A tunnel's packets have a wrong checksum in its own headers, and are thrown away where they arrive",
      reference: "RFC 1071; RFC 768",
    },
    "checksum-unfinished": {
      title: "Checksums are left to a device that is to compute them",
      reference: "https://docs.kernel.org/networking/checksum-offloads.html",
    },
  },
  detect: (facts) => [
    ...([0, 1] as const).flatMap((sender) => [
      ...detectWrong(facts, sender, INNER),
      ...detectWrong(facts, sender, OUTER),
    ]),
    ...detectUnfinished(facts),
  ],
};

interface Layer {
  readonly code: string;
  readonly name: string;
  readonly signOf: (place: PlaceFacts) => Sign;
}

const INNER: Layer = {
  code: "checksum-wrong",
  name: "a wrong checksum",
  signOf: ({ badChecksums }) => badChecksums,
};
const OUTER: Layer = {
  code: "outer-checksum-wrong",
  name: "a wrong checksum in the tunnel's own headers",
  signOf: ({ badOuterChecksums }) => badOuterChecksums,
};

function wayOf(facts: FlowFacts, sender: SideIndex): readonly HopFacts[] {
  return sender === 0 ? facts.hops : facts.replyHops;
}

function detectWrong(facts: FlowFacts, sender: SideIndex, { code, name, signOf }: Layer): readonly Said[] {
  const way = wayOf(facts, sender);
  const wrong = way.filter(({ by }) => signOf(by[sender]).count > 0);
  const [first] = wrong;
  if (first === undefined) return [];
  const before = way.slice(0, way.indexOf(first)).findLast(({ by }) => signOf(by[sender]).of > 0);
  const sign = signOf(first.by[sender]);
  const since = before === undefined ? "" : `; ${nameHop(before.hop)} before it shows none`;
  return [
    {
      code,
      severity: facts.status === "delivered" ? "warn" : "fail",
      summary: `${share(sign.count, sign.of, "packet")} of the ${SENT[sender]} have ${name} at ${nameHop(first.hop)}${since}`,
      evidence: wrong.map(
        ({ hop, by }) =>
          `${nameHop(hop)}: ${share(signOf(by[sender]).count, signOf(by[sender]).of, "packet")}`,
      ),
      packets: firstOf(sign.packets),
      next: [
        "Switch the offload off on the node before it (ethtool -K DEVICE tx-checksum-ip-generic off; of a tunnel: on its device) and try again; where that changes nothing, something on the line damages packets.",
      ],
    },
  ];
}

/** To be told where something is wrong and nobody knows yet what: tcpdump calls them incorrect. */
function detectUnfinished(facts: FlowFacts): readonly Said[] {
  if (facts.status === "delivered") return [];
  const found = ([0, 1] as const).flatMap((sender) => {
    const way = wayOf(facts, sender);
    const at = way.filter(({ by }) => by[sender].unfinishedChecksums.count > 0);
    const nic = way.findIndex(({ hop }) => hop.role === "nic");
    const isBeyondWire = at.some(
      (one) =>
        nic >= 0 && way.indexOf(one) > nic && one.hop.role === "nic" && one.hop.node !== way[nic]!.hop.node,
    );
    return at.map((one) => ({ ...one, sender, isBeyondWire }));
  });
  const [first] = found;
  if (first === undefined) return [];
  const isSuspect =
    facts.nodesKnown && facts.status === "unanswered" && found.some(({ isBeyondWire }) => isBeyondWire);
  return [
    {
      code: "checksum-unfinished",
      severity: "note",
      summary: isSuspect
        ? "Checksums are unfinished even on another node: unless both are virtual machines or namespaces of one, they are thrown away there"
        : `Checksums are unfinished at ${nameHop(first.hop)}: a device computes them later, and it is no fault that they look wrong there`,
      evidence: found.map(({ hop, sender }) => `${nameHop(hop)}: ${SENT[sender]}`),
      packets: firstOf(first.by[first.sender].unfinishedChecksums.packets),
      next: [
        isSuspect
          ? "Switch the offload off on the sending node (ethtool -K DEVICE tx-checksum-ip-generic off) and try again."
          : "Nothing has to be done.",
      ],
    },
  ];
}
