import type { Protocol } from "../traffic.js";

/** What the nodes' state alone says of a path: `hopbook hops … --audit`, schemas/audit.json. Programs depend on these names. */

/** fault: packets will not get through; warning: some may not; doubt: it could not be judged; fine: it was looked at, and is well. */
export type AuditSeverity = "fault" | "warning" | "doubt" | "fine";

interface AuditPlace {
  readonly node: string;
  /** `namespace/name` where it is in a pod's network namespace; null: the node's own. */
  readonly pod: string | null;
  readonly device: string | null;
}

/** What a node printed that a statement rests on. */
export interface AuditEvidence {
  /** Without what took it into a network namespace. */
  readonly command: string;
  /** The line that says it, or what it comes to. */
  readonly line: string;
}

export interface AuditStatement {
  /** The check that says it: one of lib/audit/registry.ts. */
  readonly check: string;
  readonly severity: AuditSeverity;
  /** Whose packets it is about; null: both ways. */
  readonly direction: "request" | "reply" | null;
  readonly place: AuditPlace;
  /** One sentence without a full stop. */
  readonly what: string;
  readonly evidence: readonly AuditEvidence[];
  /** What a person does now; null: nothing to do. */
  readonly next: string | null;
}

/** fault: at least one; undecided: none, and something could not be judged; clean: all was looked at and no fault is there. */
export type AuditStatus = "fault" | "undecided" | "clean";

interface AuditEnd {
  readonly text: string;
  readonly ip: string;
  readonly node: string | null;
}

export interface Audit {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "Audit";
  readonly from: AuditEnd;
  readonly to: AuditEnd;
  readonly protocol: Protocol;
  readonly port: number | null;
  readonly status: AuditStatus;
  /** Faults first, then warnings, doubts, and what is fine. */
  readonly statements: readonly AuditStatement[];
}
