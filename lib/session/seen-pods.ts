import { readListing } from "../cluster/index.js";
import type { ExecResult } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";

/** Under this action nodes list their pods. */
const LISTING = "runtime/pods";

/** Tells which pods a node lists when it is asked to for its own reasons; asks for nothing itself. */
export function watchPods(access: GuardedAccess, onPods: (pods: readonly string[]) => void): GuardedAccess {
  return access.beside({
    async exec(_argv, options, run) {
      const result = await run();
      if (options.action === LISTING) tell(result, onPods);
      return result;
    },
  });
}

function tell(result: ExecResult, onPods: (pods: readonly string[]) => void): void {
  try {
    const pods = readListing(result.argv, result.stdout.toString("utf8"), result.node);
    if (pods !== null) onPods(pods);
  } catch {
    // No list of pods: whoever asked for it will say so.
  }
}
