import type { LabCommandResult } from "../enter.js";
import type { HopPlace } from "../topology/hops.js";

/** Where a command of a fault runs: the underlay's bridge, a node by name, or a pod as `namespace/name`. */
export type FaultPlace = "underlay" | `node-${string}` | `${string}/${string}`;

export interface FaultCommand {
  readonly argv: readonly string[];
  readonly stdin?: string;
}

/**
 * One change and its way back. `probe` looks, `isOn` reads what it saw; only a change that is not there yet is
 * made and only one that is there is taken back, so both can be asked for twice.
 */
export interface FaultStep {
  readonly place: FaultPlace;
  readonly probe: FaultCommand;
  readonly isOn: (seen: LabCommandResult) => boolean;
  readonly on: readonly FaultCommand[];
  readonly off: readonly FaultCommand[];
}

/** How a fault's packets end, for a request from node-a to a pod on node-b. */
interface FaultSignature {
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: HopPlace | null;
  readonly firstMissing: HopPlace | null;
  /** What a verdict is to say, and of which probes. */
  readonly verdict: "lost" | "unanswered" | "rejected";
  /** "large": only packets of more than 1,330 bytes; "ports": TCP and UDP, not ICMP. */
  readonly affects: "all" | "large" | "ports";
}

export interface Fault {
  readonly name: string;
  readonly title: string;
  readonly signature: FaultSignature;
  /** What the nodes' own state shows it as; null where no node can show it. */
  readonly causeCode: string | null;
  readonly steps: readonly FaultStep[];
}
