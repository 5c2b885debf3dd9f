import type { Via } from "./access.js";
import type { HopRole } from "./roles.js";
import type { Protocol, ProbeKind } from "./traffic.js";

/** findings.json, schemas/findings.json. Programs depend on these names. */

export type VerdictStatus = "delivered" | "lost" | "rejected" | "unanswered" | "inconclusive";
export type Confidence = "high" | "medium" | "low";
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

export interface DirectionCount {
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

export interface Verdict {
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: HopRef | null;
  readonly firstMissing: HopRef | null;
  readonly confidence: Confidence;
  /** null where the nodes show none; then `lookedAt` says what was read. */
  readonly cause: Cause | null;
  readonly lookedAt: readonly string[];
  /** For rejected: who answered and how. */
  readonly rejectedBy: { readonly ip: string; readonly node: string | null; readonly how: string } | null;
  /** How many of the flow's own packets were lost at the break, of how many; both 0 where nothing was lost. */
  readonly lost: { readonly packets: number; readonly of: number };
  readonly caveats: readonly string[];
  readonly packets: readonly PacketRef[];
}

export interface FindingsEnd {
  readonly pod: string | null;
  readonly node: string | null;
  readonly ip: string;
  readonly port: number | null;
}

/** One packet's way, for the report's timeline: times in µs since the flow's first packet, by hop index. */
export interface TimelinePacket {
  readonly direction: "request" | "reply";
  readonly summary: string;
  /** Entry i: µs since the flow's first packet at hop i (request order); null where it was not seen. */
  readonly seenAtUs: readonly (number | null)[];
}

export interface FlowFinding {
  readonly id: string;
  readonly from: FindingsEnd;
  readonly to: FindingsEnd;
  readonly protocol: Protocol;
  readonly probe: ProbeKind | null;
  readonly hops: readonly HopFinding[];
  /** Only where replies come back another way. */
  readonly replyHops?: readonly HopFinding[];
  readonly verdict: Verdict;
  /** Bounded: the first 64 packets that tell the story. */
  readonly timeline: readonly TimelinePacket[];
}

export interface CheckFinding {
  readonly id: string;
  readonly status: CheckStatus;
  readonly message: string;
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
  readonly flows: readonly FlowFinding[];
  readonly checks: readonly CheckFinding[];
  /** Only where the cluster's API was used. */
  readonly access?: readonly AccessFinding[];
}
