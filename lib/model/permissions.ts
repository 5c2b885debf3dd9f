import type { Via } from "./access.js";

/** `permissions` as the file has it: durations and sizes are text. */
export interface PermissionsSpec {
  readonly node?: {
    readonly via?: readonly Via[];
    readonly select?: readonly string[];
    readonly max?: number;
  };
  readonly exec?: readonly string[];
  readonly capture?: {
    readonly duration?: string;
    /** In place of `duration` where the run goes on without its client. */
    readonly detachedDuration?: string;
    readonly bytes?: string;
    readonly payload?: "headers" | "full";
    readonly filterRequired?: boolean;
  };
  readonly traffic?: readonly string[];
  /** Words with single spaces; `*` one word, `**` at the end any more. */
  readonly mutate?: readonly string[];
  readonly shell?: boolean;
  /** Of this machine, for scripts. */
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly net?: readonly string[];
  readonly env?: readonly string[];
  readonly kube?: readonly {
    readonly verbs: readonly string[];
    readonly resources: readonly string[];
    readonly namespaces?: readonly string[];
  }[];
}

/** What an operator grants or denies, in the words of the flags; true: all of it. */
export interface GrantBlock {
  readonly node?: true | readonly string[];
  readonly exec?: true | readonly string[];
  /** Limits such as 30s, 64MiB, headers; denied: full. */
  readonly capture?: true | readonly string[];
  readonly traffic?: true | readonly string[];
  readonly mutate?: true | readonly string[];
  readonly shell?: true;
  readonly read?: true | readonly string[];
  readonly write?: true | readonly string[];
  readonly net?: true | readonly string[];
  readonly env?: true | readonly string[];
  /** verb:resource[:namespace] */
  readonly kube?: true | readonly string[];
}

/** An operator's file, or the part of it that speaks of a runbook. */
export interface GrantSource {
  /**
   * The runbooks that it is for: names of hopbook's own, `*` for any letters; paths, which have a slash; digests, as
   * `sha256:HEX`. Absent: for all.
   */
  readonly runbooks?: readonly string[];
  readonly allow?: GrantBlock;
  readonly deny?: GrantBlock;
  /** Absolute; relative paths in it are relative to this. */
  readonly dir: string;
  /** FILE:LINE of a part, such as ["allow", "mutate", 0]: for the audit. */
  placeOf(path: readonly (string | number)[]): string;
}
