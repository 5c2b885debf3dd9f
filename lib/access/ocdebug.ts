import { HopbookError } from "../errors.js";
import type { OcDebugAccessConfig, NodeAccess } from "../model/access.js";
import type { KubeConnectOptions, TargetOf } from "./ways.js";

export function openOcDebugAccess(
  target: TargetOf<OcDebugAccessConfig>,
  _options: KubeConnectOptions,
): Promise<NodeAccess> {
  return Promise.reject(
    new HopbookError(
      "NODE_UNREACHABLE",
      `Cannot enter ${target.name}: ${target.access.via} is not there yet`,
    ),
  );
}
