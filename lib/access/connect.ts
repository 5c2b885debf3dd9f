import { HopbookError } from "../errors.js";

/** How long a login may take, and what gives it up. */
export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole way to a first command's answer. */
  readonly connectTimeoutMs: number;
}

/** The error of a login that the signal gave up. */
export function connectCanceled(node: string): HopbookError {
  return new HopbookError("INTERRUPTED", `Cannot connect to node ${node}: the run was interrupted`, {
    where: { node },
  });
}
