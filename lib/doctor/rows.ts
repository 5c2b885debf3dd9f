import type { Via } from "../model/access.js";

/** ok: as it should be; warn: the run goes on with less, or by another way; blocks: the run cannot be. */
export type RowStatus = "ok" | "warn" | "blocks";

/** One thing that was looked at before a run. */
export interface DoctorRow {
  /** What was looked at: `api`, `rights`, `pod-security`, `way-in`, `tcpdump`, … */
  readonly check: DoctorCheck;
  /** A node, a namespace, or `namespace/pod`; null: the cluster. */
  readonly target: string | null;
  readonly status: RowStatus;
  /** One line. */
  readonly found: string;
  /** What to do, as an imperative; null where there is nothing to do. */
  readonly todo: string | null;
  /** Ways in that this closes. */
  readonly blocks: readonly Via[];
}

type DoctorCheck =
  | "api"
  | "api-clock"
  | "ends"
  | "facts"
  | "rights"
  | "pod-security"
  | "scc"
  | "admission"
  | "node"
  | "image"
  | "way-in"
  | "login"
  | "runtime"
  | "pod"
  | "tcpdump"
  | "kernel"
  | "conntrack"
  | "disk"
  | "clock"
  | "cni";

/** A row that is well. */
export function ok(check: DoctorCheck, target: string | null, found: string): DoctorRow {
  return { check, target, status: "ok", found, todo: null, blocks: [] };
}

export function warn(
  check: DoctorCheck,
  target: string | null,
  said: { readonly found: string; readonly todo: string; readonly blocks?: readonly Via[] },
): DoctorRow {
  return { check, target, status: "warn", blocks: [], ...said };
}

export function blocks(
  check: DoctorCheck,
  target: string | null,
  said: { readonly found: string; readonly todo: string; readonly blocks?: readonly Via[] },
): DoctorRow {
  return { check, target, status: "blocks", blocks: [], ...said };
}

/** The worst of all. */
export function worst(rows: readonly DoctorRow[]): RowStatus {
  if (rows.some(({ status }) => status === "blocks")) return "blocks";
  return rows.some(({ status }) => status === "warn") ? "warn" : "ok";
}
