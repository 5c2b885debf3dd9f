import { HopbookError } from "../errors.js";
import type { KubectlDebugAccessConfig, NodeAccess } from "../model/access.js";
import type { KubeConnectOptions, TargetOf } from "./ways.js";

export function openKubectlDebugAccess(
  target: TargetOf<KubectlDebugAccessConfig>,
  _options: KubeConnectOptions,
): Promise<NodeAccess> {
  return Promise.reject(
    new HopbookError(
      "NODE_UNREACHABLE",
      `Cannot enter ${target.name}: ${target.access.via} is not there yet`,
    ),
  );
}
