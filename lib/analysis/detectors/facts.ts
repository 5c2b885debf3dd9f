import type { FlowProtocol, HopRef, PacketRef, RewriteFinding, VerdictStatus } from "../../model/findings.js";

/**
 * What detectors read about a flow, and nothing else: whoever followed the packets fills it in. Lists are bounded by who
 * fills them; what is not known is null or an empty list, never 0.
 */

/** Of the client's side and of the server's, or of what each of them sent. */
export type PerSide<T> = readonly [T, T];

export type SideIndex = 0 | 1;

export interface EndFacts {
  readonly ip: string;
  readonly port: number | null;
}

/** One kind of thing that a place showed: how often, of how many that were looked at, and the first of them. */
export interface Sign {
  readonly count: number;
  readonly of: number;
  readonly packets: readonly PacketRef[];
}

/** What one place showed of one direction. */
export interface PlaceFacts {
  readonly packets: number;
  readonly ttl: { readonly least: number; readonly most: number } | null;
  /** The first few, as text. */
  readonly sourceMacs: readonly string[];
  readonly destinationMacs: readonly string[];
  /** Sightings of a packet that the place had shown already, with the same TTL. */
  readonly duplicates: Sign;
  /** … and with another TTL, that is: it came by again. */
  readonly returns: Sign;
  /** Checksums of TCP, UDP and ICMP, of the innermost packet, that are wrong; of whole packets alone. */
  readonly badChecksums: Sign;
  /** The same of a tunnel's own IPv4 and UDP headers. */
  readonly badOuterChecksums: Sign;
  /** Of either kind: they hold what a device is to complete. */
  readonly unfinishedChecksums: Sign;
  /** The kernel says that it was for another machine (packet(7): PACKET_OTHERHOST). */
  readonly otherHost: Sign;
}

export interface HopFacts {
  readonly hop: HopRef;
  /** The device's own; null where it is not known. */
  readonly mac: string | null;
  readonly mtuBytes: number | null;
  /** By who sent it. */
  readonly by: PerSide<PlaceFacts>;
}

/** From one place to the next, in the order of the direction. */
export interface LegFacts {
  readonly from: HopRef;
  readonly to: HopRef;
  readonly sent: number;
  readonly missing: number;
  /** Bytes of the IP packets that are missing and that came through; null where there are none. */
  readonly missingBytes: { readonly least: number; readonly most: number } | null;
  readonly passedBytes: { readonly least: number; readonly most: number } | null;
  /** Missing ones that were the first of their connections. */
  readonly missingFirsts: number;
  readonly delayUs: { readonly least: number; readonly median: number; readonly most: number } | null;
  readonly packets: readonly PacketRef[];
}

export interface ResetFacts {
  readonly by: SideIndex;
  /** Which address it came from, as its first place shows it. */
  readonly ip: string;
  /** syn: it answers a SYN; handshake: a SYN-ACK, or all before the server's first data; closing: behind a FIN. */
  readonly phase: "syn" | "handshake" | "data" | "closing";
  /** Since the last packet before it; null where there was none. */
  readonly afterUs: number | null;
  readonly packets: readonly PacketRef[];
}

export interface ConnectionFacts {
  readonly clientPort: number | null;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly syns: number;
  readonly synAcks: number;
  readonly established: boolean;
  /** From the first SYN to the SYN-ACK, at one place; null where one of them was not seen. */
  readonly handshakeUs: number | null;
  readonly payloadBytes: PerSide<number>;
  readonly finished: PerSide<boolean>;
  readonly reset: ResetFacts | null;
  /** Where the SYN-ACKs came from, as the client's side shows them; null where there were none. */
  readonly answeredBy: string | null;
  /** As each side announced it; null where it did not, or its SYN was not seen. */
  readonly maximumSegmentBytes: PerSide<number | null>;
}

/** What TCP did about trouble, by who sent the packets. */
export interface TcpFacts {
  readonly segments: PerSide<number>;
  readonly retransmissions: PerSide<Sign>;
  readonly duplicateAcks: PerSide<number>;
  /** Windows of 0, and the longest time until the next one that was not. */
  readonly zeroWindows: PerSide<Sign & { readonly longestUs: number }>;
}

/** ICMP errors of one kind and sender that quote the flow's packets. */
export interface ErrorFacts {
  /** Whose packets they are about. */
  readonly about: SideIndex;
  readonly ip: string;
  readonly node: string | null;
  /** "ICMP port unreachable". */
  readonly how: string;
  readonly kind: "tooBig" | "timeExceeded" | "unreachable" | "prohibited" | "other";
  readonly mtuBytes: number | null;
  readonly count: number;
  readonly packets: readonly PacketRef[];
}

/** Who has an address (ARP, neighbour discovery). */
export interface NeighbourFacts {
  readonly protocol: "arp" | "nd";
  readonly address: string;
  /** Who asked, the first few. */
  readonly askedBy: readonly string[];
  /** Where the questions were seen. */
  readonly at: readonly HopRef[];
  readonly questions: number;
  /** MAC addresses that answered. */
  readonly macs: readonly string[];
  readonly packets: readonly PacketRef[];
}

/** Another flow of the same captures, as far as a comparison needs it. */
export interface OtherFlow {
  readonly protocol: FlowProtocol;
  readonly client: EndFacts;
  readonly server: EndFacts;
  readonly backend: EndFacts | null;
  readonly status: VerdictStatus;
  readonly connections: number;
  readonly legs: PerSide<readonly LegFacts[]>;
}

export interface FlowFacts {
  readonly protocol: FlowProtocol;
  readonly status: VerdictStatus;
  /** False of bare files: each is a node of its own then, whatever machine it came from. */
  readonly nodesKnown: boolean;
  /** Until when the captures show what happened, by the clock of `connections`. */
  readonly untilUs: number;
  readonly client: EndFacts;
  /** As the client names it: a Service's address where it asks for one. */
  readonly server: EndFacts;
  /** What that was translated to; null: nothing. */
  readonly backend: EndFacts | null;
  /** Whether that is another address than a ClusterIP: a node's port, a load balancer's address, an external IP. */
  readonly isDoor: boolean;
  /** Whether Services are given their addresses from where the server's is, and none has it. Absent: no. */
  readonly isStray?: boolean;
  /** Places on the requests' way, in its order; and on the replies'. */
  readonly hops: readonly HopFacts[];
  readonly replyHops: readonly HopFacts[];
  /** By who sent the packets. */
  readonly legs: PerSide<readonly LegFacts[]>;
  /** How many there were; `connections` has the first, and those that failed. */
  readonly connectionCount: number;
  readonly connections: readonly ConnectionFacts[];
  /** null for other protocols than TCP. */
  readonly tcp: TcpFacts | null;
  readonly errors: readonly ErrorFacts[];
  readonly neighbours: readonly NeighbourFacts[];
  readonly rewrites: readonly RewriteFinding[];
  readonly others: readonly OtherFlow[];
}
