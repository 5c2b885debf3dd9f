import type { FlowDetector, Said } from "./detector.js";
import type { FlowFacts, HopFacts, SideIndex } from "./facts.js";
import { firstOf, nameHop, SENT, share } from "./wording.js";

/** On a bridge's port frames for others are usual. */
const OWN_ROLES = ["pod", "tunnel", "nic"];

/** Frames that come to a device with another machine's MAC: the kernel throws them away. */
export const otherMac: FlowDetector = {
  kinds: {
    "wrong-destination-mac": {
      title: "Packets come with a MAC that is not the device's own, and are thrown away",
      reference: "packet(7), PACKET_OTHERHOST",
    },
  },
  detect: (facts) => ([0, 1] as const).flatMap((sender) => detectOther(facts, sender)),
};

function detectOther(facts: FlowFacts, sender: SideIndex): readonly Said[] {
  const way = sender === 0 ? facts.hops : facts.replyHops;
  const nodes = way.map(({ hop }) => hop.node);
  return way.flatMap((at, index) => {
    const { hop } = at;
    // On the sender's own node the frame is on its way out, to whom it is for.
    const isSenders = hop.node === nodes[0];
    if (isSenders || !OWN_ROLES.includes(hop.role)) return [];
    const next = way[index + 1];
    // What came further was taken.
    if (next !== undefined && next.by[sender].packets > 0) return [];
    const sign = at.by[sender].otherHost;
    const strangers = strangeMacs(at, sender);
    if (sign.count === 0 && strangers.length === 0) return [];
    return [say({ at, sender, strangers })];
  });
}

/** Unicast ones that are not the device's own. */
function strangeMacs({ mac, by }: HopFacts, sender: SideIndex): readonly string[] {
  if (mac === null) return [];
  return by[sender].destinationMacs.filter((one) => one !== mac && (parseInt(one.slice(0, 2), 16) & 1) === 0);
}

function say(found: { at: HopFacts; sender: SideIndex; strangers: readonly string[] }): Said {
  const { at, sender, strangers } = found;
  const { otherHost, packets } = at.by[sender];
  const macs = strangers.length === 0 ? "another machine's MAC" : `the MAC ${strangers.join(", ")}`;
  const own = at.mac === null ? "" : `; its own is ${at.mac}`;
  return {
    code: "wrong-destination-mac",
    severity: "fail",
    summary: `${SENT[sender]} come to ${nameHop(at.hop)} with ${macs}${own}, and go no further`,
    evidence: [
      otherHost.count === 0
        ? `${packets} of them came there`
        : `the kernel counts ${share(otherHost.count, otherHost.of, "packet")} there as for another machine`,
    ],
    packets: firstOf(otherHost.packets),
    next: [
      "Compare the sender's neighbour entry, and a tunnel's FDB, with the device's MAC (ip neigh, bridge fdb, ip link on both nodes).",
    ],
  };
}
