import type { AccessChoice } from "../model/cluster.js";
import type { DoctorRow, RowStatus } from "./rows.js";

/** schemas/doctor.json. */
export interface DoctorReport {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "Doctor";
  readonly cluster: {
    readonly name: string;
    /** null: the cluster has no API here. */
    readonly context: string | null;
    readonly server: string | null;
    readonly version: string | null;
  };
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly status: RowStatus;
  readonly rows: readonly DoctorRow[];
  /** How nodes and pods would be entered; empty where the profile settles it. */
  readonly choices: readonly AccessChoice[];
  /** Every right that was asked, once. */
  readonly rights: readonly AskedRight[];
  readonly notLookedAt: readonly { readonly what: string; readonly reason: string }[];
}

export interface AskedRight {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `pods/exec`. */
  readonly resource: string;
  readonly namespace: string | null;
  /** null: it could not be asked. */
  readonly allowed: boolean | null;
}
