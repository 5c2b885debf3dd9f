import type { NodePods } from "../api/run.js";

/**
 * Leaves the names of pods that nodes list where completion finds them. Writes behind the run's back, one after the
 * other: nobody waits for it, and where it fails there is nothing to complete.
 */
export function keepPods(): (seen: NodePods) => void {
  const nodes = new Map<string, readonly string[]>();
  let written = Promise.resolve();
  return ({ cluster, node, pods }) => {
    nodes.set(node, pods);
    const seen = {
      ...{ cluster, atMs: Date.now(), nodes: [...nodes.keys()].sort() },
      pods: [...nodes.values()].flat().sort(),
    };
    written = written.then(async () => {
      const { rememberPods } = await import("../api/completion.js");
      await rememberPods(seen);
    });
  };
}
