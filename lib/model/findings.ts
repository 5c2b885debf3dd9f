import type { Via } from "./access.js";
import type { HopRole } from "./roles.js";
import type { AuditStatement, AuditStatus } from "./audit/audit.js";
import type { ServiceEnd } from "./evidence.js";
import type { Unentered } from "./hops.js";
import type { ProbeKind, Protocol } from "./traffic.js";

/** findings.json, schemas/findings.json. Programs depend on these names. */

export type VerdictStatus = "delivered" | "lost" | "rejected" | "unanswered" | "inconclusive";
export type Confidence = "high" | "medium" | "low";
/** arp, nd: who has an address, asked by a machine that may have nothing else to say. */
export type FlowProtocol = Protocol | "arp" | "nd";
export type CheckStatus = "pass" | "warn" | "fail" | "skipped" | "incomplete";

export interface HopRef {
  readonly node: string;
  readonly role: HopRole;
  readonly interface: string;
}

export interface PacketRef {
  /** Relative to the run folder. */
  readonly pcap: string;
  /** 1-based, as Wireshark counts. */
  readonly frame: number;
  /** For people: what the packet is. */
  readonly summary: string;
}

interface DirectionCount {
  readonly packets: number;
  /** Bytes of the inner IP packets. */
  readonly bytes: number;
}

export interface HopFinding extends HopRef {
  readonly index: number;
  readonly pcap: string;
  readonly request: DirectionCount;
  readonly reply: DirectionCount;
  readonly droppedByKernel: number;
}

export interface Cause {
  /** One that a detector declares: lib/analysis/cause/registry.ts. */
  readonly code: string;
  readonly summary: string;
  readonly evidence: readonly string[];
}

/** What a confidence is made of: nothing in `against` is high, one reason medium, more low. Reasons are caveats too. */
export interface ConfidenceGrounds {
  readonly for: readonly string[];
  readonly against: readonly string[];
}

/**
 * Of what was tried nothing came as far as the sender's own device, where it is missed first: no loss that was seen, but one
 * of which the sender's own network can be asked.
 */
export function isUnsent(verdict: {
  readonly status: VerdictStatus;
  readonly lastSeen: unknown;
  readonly firstMissing: unknown;
}): boolean {
  return verdict.status === "inconclusive" && verdict.lastSeen === null && verdict.firstMissing !== null;
}

export interface Verdict {
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: HopRef | null;
  readonly firstMissing: HopRef | null;
  readonly confidence: Confidence;
  /** Absent in findings of before 0.2. */
  readonly grounds?: ConfidenceGrounds;
  /** null where the nodes show none; then `lookedAt` says what was read. */
  readonly cause: Cause | null;
  readonly lookedAt: readonly string[];
  /** For rejected: who answered and how. */
  readonly rejectedBy: { readonly ip: string; readonly node: string | null; readonly how: string } | null;
  /**
   * How many transmissions that the last hop showed are missing at the next one, of how many; all 0 where none is.
   * `share` is packets / of, 0 to 1.
   */
  readonly lost: { readonly packets: number; readonly of: number; readonly share?: number };
  readonly caveats: readonly string[];
  /** What a person does now, the nearest first; commands stand between backticks. Absent: nothing to say. */
  readonly next?: readonly string[];
  readonly packets: readonly PacketRef[];
}

export interface FindingsEnd {
  readonly pod: string | null;
  readonly node: string | null;
  readonly ip: string;
  readonly port: number | null;
  /** Its address in the other IP family, where it has both: what is not followed. */
  readonly otherIp?: string;
  /** Where it was asked for as a Service; `ip` is the ClusterIP, or the backend's own where that was sent to. */
  readonly service?: ServiceEnd;
}

/** One packet's way, for the report's timeline: times in µs since the flow's first packet, by hop index. */
export interface TimelinePacket {
  readonly direction: "request" | "reply";
  readonly summary: string;
  /** Entry i: µs since the flow's first packet at hop i (request order); null where it was not seen. */
  readonly seenAtUs: readonly (number | null)[];
}

/** What became of one direction's transmissions between two neighbouring hops. */
export interface LegFinding {
  readonly direction: "request" | "reply";
  readonly from: HopRef;
  readonly to: HopRef;
  /** Transmissions seen at `from` of which it is known whether they came to `to`; `missing` of them did not. */
  readonly sent: number;
  readonly missing: number;
  /** missing / sent, 0 to 1. */
  readonly share: number;
  /** Seen at `from` and not judged: the capture at `to` did not cover their time, or may itself have missed them. */
  readonly undecided: number;
  /** From `from` to `to`, clocks corrected; null where no packet was seen at both. */
  readonly delayUs: { readonly least: number; readonly median: number; readonly most: number } | null;
  /** When and which: "all along", "in 2 bursts, 0.4 s and 3.1 s after the first", "over 1400 bytes only". Empty: none. */
  readonly pattern: readonly string[];
}

/** Where packets changed their addresses on the way (NAT), as the captures show it. */
export interface RewriteFinding {
  readonly direction: "request" | "reply";
  /** The last hop that shows them as they were, and the first that shows them changed; the same where one shows both. */
  readonly before: HopRef;
  readonly after: HopRef;
  /** `address:port`, `[address]:port`, or the address alone where there are no ports. */
  readonly source: { readonly was: string; readonly is: string };
  readonly destination: { readonly was: string; readonly is: string };
  readonly connections: number;
}

/** What the two ends said to each other, summed up over a flow's connections: one entry for each kind of outcome. */
export interface ExchangeFinding {
  readonly protocol: "icmp" | "tcp" | "udp" | "dns" | "http" | "tls" | "arp" | "nd";
  /** Plain words: "HTTP 503 Service Unavailable", "DNS NXDOMAIN for web.shop.svc.cluster.local. AAAA", "answered". */
  readonly outcome: string;
  /** ok: it worked; error: an answer that is an error; none: no answer where one was due; oneWay: none was due. */
  readonly kind: "ok" | "error" | "none" | "oneWay";
  readonly count: number;
  /** From question to answer; null where there was none. */
  readonly tookMs: { readonly least: number; readonly median: number; readonly most: number } | null;
}

/** What a detector says of a flow. */
export interface DetectorFinding {
  /** One that a detector declares: lib/analysis/detectors/registry.ts. */
  readonly code: string;
  readonly severity: "fail" | "warn" | "note";
  /** One sentence for people. */
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly packets: readonly PacketRef[];
  /** What a person does now. */
  readonly next: readonly string[];
  /** Where it is described (an RFC, a man page); null where nowhere. */
  readonly reference: string | null;
}

/** Packets over time, for the report's charts: `packets[i]` in the slot that begins `i × slotMs` after the flow's first packet. */
export interface RateFinding {
  readonly slotMs: number;
  /** Sent at the direction's first hop; missing at some hop behind it. */
  readonly request: { readonly sent: readonly number[]; readonly missing: readonly number[] };
  readonly reply: { readonly sent: readonly number[]; readonly missing: readonly number[] };
}

export interface FlowFinding {
  readonly id: string;
  readonly from: FindingsEnd;
  readonly to: FindingsEnd;
  readonly protocol: FlowProtocol;
  readonly probe: ProbeKind | null;
  readonly hops: readonly HopFinding[];
  /** Only where replies come back another way. */
  readonly replyHops?: readonly HopFinding[];
  readonly verdict: Verdict;
  /** Bounded: the first 64 packets that tell the story. */
  readonly timeline: readonly TimelinePacket[];
  /** Both directions' legs, in the order of each way. */
  readonly legs?: readonly LegFinding[];
  readonly rewrites?: readonly RewriteFinding[];
  readonly exchanges?: readonly ExchangeFinding[];
  /** The gravest first. */
  readonly findings?: readonly DetectorFinding[];
  /** TCP connections, DNS or ICMP exchanges that the flow is made of. */
  readonly connections?: number;
  readonly rate?: RateFinding;
  /** Nodes and pods of the ends that could not be looked into: nothing was captured there. Absent: none. */
  readonly unentered?: readonly Unentered[];
  /** What the nodes' state alone says of the flow, beside what its packets show. Absent: no state was read. */
  readonly audit?: FlowAudit;
}

/** A flow judged by its nodes' state, as far as that was read. */
export interface FlowAudit {
  readonly status: AuditStatus;
  /** Faults first, then warnings, doubts, and what is fine. */
  readonly statements: readonly AuditStatement[];
}

export interface CheckFinding {
  readonly id: string;
  readonly status: CheckStatus;
  readonly message: string;
  /** What the runbook calls the outcome. Absent: nothing. */
  readonly code?: string;
  /** What a person does now. Absent: nothing to say. */
  readonly next?: readonly string[];
}

/** How a node was entered, or why it was not. */
export interface AccessFinding {
  /** The node, or `namespace/pod` for a way into a pod alone. */
  readonly target: string;
  /** null: there was none. */
  readonly via: Via | null;
  /** What was made for it, and whose programs it used. */
  readonly made: string | null;
  /** Why this way; null where the profile says it. */
  readonly reason: string | null;
  readonly rejected: readonly { readonly via: Via; readonly reason: string }[];
}

/** Lines of others, not made visible yet; of more than these the middle is left out. */
export interface PrintedLines {
  readonly first: readonly string[];
  readonly leftOut: number;
  readonly last: readonly string[];
}

/** What a command that the runbook gives printed. */
export interface PrintedFinding {
  readonly step: string;
  /** `node/NAME`, `namespace/pod`, as the runbook says it; with the container where it ran in one. */
  readonly on: string;
  readonly argv: readonly string[];
  /** null where it was ended. */
  readonly exitCode: number | null;
  readonly stdout: PrintedLines;
  readonly stderr: PrintedLines;
  /** All that it printed on stdout, relative to the run's folder. */
  readonly file: string;
}

/** gone: a pod that was captured ended; lost: a node that was captured on; joined, left-out: a pod that came meanwhile. */
export const MARK_KINDS = ["mark", "trigger", "freeze", "gone", "lost", "joined", "left-out"] as const;
type MarkKind = (typeof MARK_KINDS)[number];

/** What happened while captures went on, by the client's clock. */
export interface MarkFinding {
  readonly kind: MarkKind;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly step: string;
  readonly text: string;
  /** Of a freeze: from what it was for until every node had said so. */
  readonly tookMs?: number;
}

export interface Findings {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "Findings";
  readonly run: {
    readonly id: string;
    readonly runbook: string;
    readonly startedAt: string;
    readonly complete: boolean;
    readonly incomplete: readonly string[];
  };
  /** Probes and the flows that the run is about first, then the worst first. */
  readonly flows: readonly FlowFinding[];
  /** Flows that the captures hold and `flows` leaves out: how many, and what became of them. Absent: none. */
  readonly leftOut?: {
    readonly flows: number;
    readonly statuses: Readonly<Partial<Record<VerdictStatus, number>>>;
  };
  readonly checks: readonly CheckFinding[];
  /** Only where the cluster's API was used. */
  readonly access?: readonly AccessFinding[];
  /** In the order of their times. Absent: none. */
  readonly marks?: readonly MarkFinding[];
  /** In the order in which they ended. Absent: no command of the runbook's own ran. */
  readonly printed?: readonly PrintedFinding[];
}
