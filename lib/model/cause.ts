import type { DropTraceRecord, EvidenceHop, FlowEvidence, StateRecord } from "./evidence.js";
import type { Naming } from "./naming.js";
import type { Cause, PacketRef, VerdictStatus } from "./findings.js";

/** A packet that was seen at a hop and not at the next one. */
export interface LostPacket {
  /** Unix seconds by the clock of the last hop's node, as its pcap says. */
  readonly seenAtSec: number;
  /** Length on the wire at the last hop, link header included. */
  readonly frameBytes: number;
  /** Total length of the inner IP packet. */
  readonly ipBytes: number;
  readonly ref: PacketRef;
}

/** Another flow of the run whose packets ended on the same node. */
export interface FlowAlike {
  readonly flow: FlowEvidence;
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: EvidenceHop | null;
  readonly firstMissing: EvidenceHop | null;
  readonly lostCount: number;
  readonly uncertainCount: number;
  /** Smallest inner IP packet that it lost there; null where not known. */
  readonly smallestLostIpBytes: number | null;
}

/** What the search for a cause is given: the verdict so far and the nodes' own words. */
export interface CauseInput {
  readonly flow: FlowEvidence;
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: EvidenceHop | null;
  readonly firstMissing: EvidenceHop | null;
  /** At most 64 of them, oldest first. */
  readonly lost: readonly LostPacket[];
  readonly lostCount: number;
  /** Packets that ended there too and are in no count: near the captures' ends, or RSTs of what was over. Default 0. */
  readonly uncertainCount?: number;
  /** A node's counters grow by what all of these lost. Default: none. */
  readonly alike?: readonly FlowAlike[];
  /**
   * Largest inner IP packet of this run, in the same direction, that was seen on both sides of the break.
   * Absent or null: none, or not known.
   */
  readonly largestPassedIpBytes?: number | null;
  readonly rejectedBy: { readonly ip: string; readonly node: string | null; readonly how: string } | null;
  readonly state: readonly StateRecord[];
  readonly drops: readonly DropTraceRecord[];
  /** By which names rules tell whose they are. Default: none. */
  readonly namings?: readonly Naming[];
  /** A text file of the run folder, by its relative path; undefined where it is not there. */
  readText(path: string): string | undefined;
}

export interface CauseResult {
  readonly cause: Cause | null;
  /** What was read, for people: "node-a: FDB of vxlan.calico". */
  readonly lookedAt: readonly string[];
  /** Doubts to show beside the verdict. */
  readonly caveats: readonly string[];
}
