import { HopbookError } from "../errors.js";
import type { ToolboxAccessConfig, NodeAccess } from "../model/access.js";
import type { ConnectOptions, TargetOf } from "./ways.js";

export function openToolboxAccess(
  target: TargetOf<ToolboxAccessConfig>,
  _options: ConnectOptions,
): Promise<NodeAccess> {
  return Promise.reject(
    new HopbookError(
      "NODE_UNREACHABLE",
      `Cannot enter ${target.name}: ${target.access.via} is not there yet`,
    ),
  );
}
