import type { Said, FlowDetector } from "../../../lib/analysis/detectors/detector.js";
import type {
  ConnectionFacts,
  ErrorFacts,
  FlowFacts,
  HopFacts,
  LegFacts,
  OtherFlow,
  PerSide,
  PlaceFacts,
  Sign,
  TcpFacts,
} from "../../../lib/analysis/detectors/facts.js";
import type { HopRef, PacketRef } from "../../../lib/model/findings.js";

/** A healthy flow over four places of two nodes, and its parts, to be spoiled one fact at a time. */

export const PACKET: PacketRef = { pcap: "a.pcap", frame: 1, summary: "a packet" };

const ref = (node: string, role: HopRef["role"], device: string): HopRef => ({
  node,
  role,
  interface: device,
});
export const [POD_A, NIC_A, NIC_B, POD_B] = [
  ref("node-a", "pod", "eth0"),
  ref("node-a", "nic", "ens1"),
  ref("node-b", "nic", "ens1"),
  ref("node-b", "pod", "eth0"),
] as const;

export const sign = (count: number, of = 8): Sign => ({ count, of, packets: count === 0 ? [] : [PACKET] });

export function place(changes: Partial<PlaceFacts> = {}): PlaceFacts {
  return {
    packets: 8,
    ttl: { least: 62, most: 64 },
    sourceMacs: [],
    destinationMacs: [],
    duplicates: sign(0),
    returns: sign(0),
    badChecksums: sign(0),
    badOuterChecksums: sign(0),
    unfinishedChecksums: sign(0),
    otherHost: sign(0),
    ...changes,
  };
}

export interface HopChanges extends Partial<Omit<HopFacts, "hop" | "by">> {
  readonly request?: Partial<PlaceFacts>;
  readonly reply?: Partial<PlaceFacts>;
}

export function hop(at: HopRef, { request, reply, ...changes }: HopChanges = {}): HopFacts {
  return { hop: at, mac: null, mtuBytes: null, by: [place(request), place(reply)], ...changes };
}

export function leg(from: HopRef, to: HopRef, changes: Partial<LegFacts> = {}): LegFacts {
  const missing = changes.missing ?? 0;
  return {
    ...{ from, to, sent: 8, missing },
    missingBytes: missing === 0 ? null : { least: 60, most: 60 },
    passedBytes: missing === 8 ? null : { least: 60, most: 1400 },
    missingFirsts: 0,
    delayUs: { least: 50, median: 80, most: 200 },
    packets: missing === 0 ? [] : [PACKET],
    ...changes,
  };
}

export function connection(changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    ...{ clientPort: 40_000, firstUs: 0, lastUs: 10_000, syns: 1, synAcks: 1, established: true },
    handshakeUs: 400,
    payloadBytes: [70, 200],
    finished: [true, true],
    reset: null,
    answeredBy: "10.96.0.80",
    maximumSegmentBytes: [1410, 1410],
    ...changes,
  };
}

export function tcp(changes: Partial<TcpFacts> = {}): TcpFacts {
  const stop = { ...sign(0), longestUs: 0 };
  const none = [sign(0), sign(0)] as const;
  return {
    segments: [100, 100],
    retransmissions: none,
    duplicateAcks: [0, 0],
    zeroWindows: [stop, stop],
    ...changes,
  };
}

export function error(changes: Partial<ErrorFacts> = {}): ErrorFacts {
  return {
    ...({
      about: 0,
      ip: "10.0.0.254",
      node: null,
      how: "ICMP port unreachable",
      kind: "unreachable",
    } as const),
    ...{ mtuBytes: null, count: 2, packets: [PACKET] },
    ...changes,
  };
}

export function other(changes: Partial<OtherFlow> = {}): OtherFlow {
  const { protocol, client, server, backend, legs } = flow();
  return { ...{ protocol, client, server, backend, legs }, status: "delivered", connections: 3, ...changes };
}

export const LEGS: PerSide<readonly LegFacts[]> = [
  [leg(POD_A, NIC_A), leg(NIC_A, NIC_B), leg(NIC_B, POD_B)],
  [leg(POD_B, NIC_B), leg(NIC_B, NIC_A), leg(NIC_A, POD_A)],
];

/** The legs of requests, with the one that leaves `at` changed. */
export const requestsWith = (at: number, changes: Partial<LegFacts>): PerSide<readonly LegFacts[]> => [
  LEGS[0].map((one, index) => (index === at ? leg(one.from, one.to, changes) : one)),
  LEGS[1],
];

export const repliesWith = (at: number, changes: Partial<LegFacts>): PerSide<readonly LegFacts[]> => [
  LEGS[0],
  LEGS[1].map((one, index) => (index === at ? leg(one.from, one.to, changes) : one)),
];

export function flow(changes: Partial<FlowFacts> = {}): FlowFacts {
  return {
    ...({ protocol: "tcp", status: "delivered", nodesKnown: true, untilUs: 9_000_000 } as const),
    client: { ip: "10.1.0.5", port: null },
    server: { ip: "10.96.0.80", port: 80 },
    backend: { ip: "10.2.0.7", port: 8080 },
    isDoor: false,
    hops: [hop(POD_A), hop(NIC_A), hop(NIC_B), hop(POD_B)],
    replyHops: [hop(POD_B), hop(NIC_B), hop(NIC_A), hop(POD_A)],
    legs: LEGS,
    connectionCount: 1,
    connections: [connection()],
    tcp: tcp(),
    errors: [],
    neighbours: [],
    rewrites: [],
    others: [],
    ...changes,
  };
}

/** `severity code: summary` of all that a detector says. */
export function said(detector: FlowDetector, changes: Partial<FlowFacts> = {}): readonly string[] {
  return detector
    .detect(flow(changes))
    .map(({ severity, code, summary }: Said) => `${severity} ${code}: ${summary}`);
}
