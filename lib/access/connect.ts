import { HopbookError } from "../errors.js";
import type { Lease } from "../model/kube.js";

/** How long a login may take, and what gives it up. */
export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole way to a first command's answer. */
  readonly connectTimeoutMs: number;
  /** Whose is what is started there; absent: it carries no name. */
  readonly lease?: Lease | undefined;
}

/** The error of a login that the signal gave up. */
export function connectCanceled(node: string): HopbookError {
  return new HopbookError("INTERRUPTED", `Cannot connect to node ${node}: the run was interrupted`, {
    where: { node },
  });
}
