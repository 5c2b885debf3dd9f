/** `permissions` as the file has it: durations and sizes are text. */
export interface PermissionsSpec {
  readonly node?: {
    readonly via?: readonly ("local" | "ssh")[];
    readonly select?: readonly string[];
    readonly max?: number;
  };
  readonly exec?: readonly string[];
  readonly capture?: {
    readonly duration?: string;
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
