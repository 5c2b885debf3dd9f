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
}
