import { buildDebugPod } from "../access/registry.js";
import type { DebugPodAccessConfig } from "../model/access.js";
import { whoRuns } from "./who-runs.js";

/** The pod that debugPod would make, for what admission has to say of it. */
export function buildTrialPod(
  node: string,
  config: DebugPodAccessConfig & { readonly namespace: string },
): object {
  const lease = { runId: "dry-run", owner: whoRuns(), durationMs: 60_000 };
  return buildDebugPod({ node, config, namespace: config.namespace, lease, now: Date.now() }, null);
}
