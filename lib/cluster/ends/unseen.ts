import { HopbookError, type ErrorCode } from "../../errors.js";
import type { End } from "../../model/cluster.js";
import type { Located } from "./locate-pod.js";

/** What keeps a node, or a pod, from being looked into, and is no reason to give up the other end. */
const CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NODE_UNREACHABLE",
  "HOST_KEY_UNKNOWN",
  "SSH_AUTH_FAILED",
  "SUDO_REFUSED",
  "KUBE_UNREACHABLE",
  "KUBE_FORBIDDEN",
  "KUBE_REFUSED",
  "KUBE_NOT_FOUND",
  "POD_NOT_STARTED",
  "NO_ACCESS",
  "TOOL_MISSING",
  "RUNTIME_UNAVAILABLE",
  "HOP_UNRESOLVED",
  "COMMAND_FAILED",
  "COMMAND_TIMEOUT",
]);

/** The error where it says that a node or a pod cannot be looked into; null for any other, which is to be thrown. */
export function asUnseen(error: unknown): HopbookError | null {
  return error instanceof HopbookError && CODES.has(error.code) ? error : null;
}

/** Of these what could not be done is told already by what is said: to get in. */
const NO_WAY_IN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NODE_UNREACHABLE",
  "HOST_KEY_UNKNOWN",
  "SSH_AUTH_FAILED",
  "SUDO_REFUSED",
  "POD_NOT_STARTED",
  "NO_ACCESS",
]);

/** A clause for behind "could not be entered": "no route to host", "cannot ask the container runtime on node-b: …". */
export function sayWhy({ code, message }: HopbookError): string {
  return NO_WAY_IN.has(code) ? message.replace(/^Cannot .*?: /, "") : message.replace(/^Cannot /, "cannot ");
}

/**
 * Asks the nodes of ends, `from` first. An end whose node does not answer is given by what is known without it, as long as
 * the other end of its path can be looked at. Throws what the nodes say where neither can.
 */
export async function finishEnds(located: readonly [Located, ...Located[]]): Promise<[End, ...End[]]> {
  const [from, ...tos] = await Promise.all(located.map(finish));
  if (from === undefined) throw new HopbookError("INTERNAL", "A path has no ends");
  for (const to of tos) {
    const isLost = [from, to].every(({ end, error }) => error !== null || end.node === null);
    const error = from.error ?? to.error;
    if (isLost && error !== null) throw error;
  }
  return [from.end, ...tos.map(({ end }) => end)];
}

async function finish(located: Located): Promise<{ readonly end: End; readonly error: HopbookError | null }> {
  try {
    return { end: await located.finish(), error: null };
  } catch (failure) {
    const error = asUnseen(failure);
    if (error === null || located.known === null) throw failure;
    return { end: { ...located.known, unseen: sayWhy(error) }, error };
  }
}
