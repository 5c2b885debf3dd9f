import { readListing } from "../cluster/index.js";
import type { ExecResult, NodeAccess } from "../model/access.js";

/** Under this action nodes list their pods. */
const LISTING = "runtime/pods";

/** Tells which pods a node lists when it is asked to for its own reasons; asks for nothing itself. */
export function watchPods(access: NodeAccess, onPods: (pods: readonly string[]) => void): NodeAccess {
  return {
    node: access.node,
    via: access.via,
    async exec(argv, options) {
      const result = await access.exec(argv, options);
      if (options.action === LISTING) tell(result, onPods);
      return result;
    },
    stream: (argv, options) => access.stream(argv, options),
    pull: (remotePath, localPath, options) => access.pull(remotePath, localPath, options),
    close: () => access.close(),
  };
}

function tell(result: ExecResult, onPods: (pods: readonly string[]) => void): void {
  try {
    const pods = readListing(result.argv, result.stdout.toString("utf8"), result.node);
    if (pods !== null) onPods(pods);
  } catch {
    // No list of pods: whoever asked for it will say so.
  }
}
