import type { EvidenceHop } from "../../model/evidence.js";
import type { FlowFinding, HopFinding } from "../../model/findings.js";
import type { NeighbourQuestion } from "../follow/neighbours.js";
import type { FrameReader } from "./frames.js";

/** A machine that gets no answer asks three times, a second apart (tcp(7), arp(7): mcast_solicit, retrans_time_ms). */
const LEAST_TRIES = 3;
const LONGEST_PAUSE_US = 5_000_000;

/**
 * Whether nobody answered. An answer goes to the asker alone, and may pass by where the question to all was seen; who
 * was answered does not ask again and again.
 */
export function isUnanswered({ requests, firstUs, lastUs, answeredUs }: NeighbourQuestion): boolean {
  const tries = Math.max(...requests);
  return (
    answeredUs === -Infinity && tries >= LEAST_TRIES && (lastUs - firstUs) / (tries - 1) <= LONGEST_PAUSE_US
  );
}

/** A question that nobody answered, as a flow of its own. */
export function describeUnanswered(
  question: NeighbourQuestion,
  hopAt: ReadonlyMap<number, EvidenceHop>,
  frames: FrameReader,
): FlowFinding {
  const { protocol, asker, target, requests, kept } = question;
  const seen = [...hopAt].filter(([place]) => requests[place]! > 0);
  const tries = Math.max(...requests);
  const [, last] = seen.at(-1)!;
  const end = (ip: string): FlowFinding["to"] => ({ pod: null, node: null, ip, port: null });
  return {
    id: `${protocol}-${asker}-${target}`,
    from: end(asker),
    to: end(target),
    protocol,
    probe: null,
    hops: seen.map(([place, hop]) => countHop(hop, requests[place]!)),
    verdict: {
      status: "unanswered",
      direction: null,
      lastSeen: { node: last.node, role: last.role, interface: last.interface },
      firstMissing: null,
      confidence: "medium",
      grounds: {
        for: [`${tries} questions were followed at ${seen.length} places`],
        against: ["an answer may have gone another way than by the places that were captured"],
      },
      cause: null,
      lookedAt: [],
      rejectedBy: null,
      lost: { packets: 0, of: 0, share: 0 },
      caveats: [
        `${asker} asked ${tries} times who has ${target}, and no answer was seen: until it knows, it sends ${target} nothing`,
      ],
      packets: kept.map((sighting) => frames.read(sighting).ref),
    },
    timeline: [],
    connections: 1,
  };
}

function countHop(hop: EvidenceHop, packets: number): HopFinding {
  const { node, role, interface: name, index, pcap } = hop;
  const none = { packets: 0, bytes: 0 };
  return {
    ...{ index, node, role, interface: name, pcap },
    request: { packets, bytes: 0 },
    reply: none,
    droppedByKernel: 0,
  };
}
