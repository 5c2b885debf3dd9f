import type { Via } from "./declared.js";
import type { Scope } from "./scopes.js";

/** Something that a run wants to do. */
export type PermissionRequest =
  | NodeRequest
  | ExecRequest
  | CaptureRequest
  | TrafficRequest
  | PathRequest
  | NetRequest
  | EnvRequest
  | KubeRequest;

export interface AtNode {
  readonly node: string;
  readonly via: Via;
}

/** To log in at all. */
interface NodeRequest extends AtNode {
  readonly kind: "node";
}

/** `node/mutate` and `node/shell` are judged by the scopes mutate and shell, every other action by exec. */
export interface ExecRequest extends AtNode {
  readonly kind: "exec";
  readonly action: string;
  readonly argv: readonly string[];
}

export interface CaptureRequest extends AtNode {
  readonly kind: "capture";
  readonly durationMs: number;
  readonly bytes: number;
  readonly payload: "headers" | "full";
  readonly filter: string;
}

export interface TrafficRequest extends AtNode {
  readonly kind: "traffic";
  readonly probe: string;
}

/** Of this machine; the path is absolute. */
export interface PathRequest {
  readonly kind: "read" | "write";
  readonly path: string;
}

/** From this machine. */
export interface NetRequest {
  readonly kind: "net";
  readonly host: string;
  readonly port: number;
}

/** Of this machine. */
export interface EnvRequest {
  readonly kind: "env";
  readonly name: string;
}

export interface KubeRequest {
  readonly kind: "kube";
  readonly verb: string;
  /** In the plural, with its subresource: `pods/exec`. */
  readonly resource: string;
  /** null: of the whole cluster. */
  readonly namespace: string | null;
}

/** The answer, as the audit log keeps it. */
export interface Decision {
  readonly allowed: boolean;
  readonly scope: Scope;
  /** null for what does not happen at a node. */
  readonly node: string | null;
  /** The node's, action's or probe's name; the command, path, host; the limits asked for. */
  readonly subject: string;
  /** What decided: a flag, FILE:LINE of a profile, an answer, the declaration, the command's own arguments. */
  readonly by: string;
  /** One sentence without a full stop. */
  readonly reason: string;
  /** The flag that would allow it; null where none would. */
  readonly flag: string | null;
  /** What to do, where no flag and no declaration helps. */
  readonly hint?: string;
}
