import { parseRing, type NodeCapturePlan, type Ring } from "../../capture/index.js";
import type { NodeTools } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import { formatSize } from "../../model/units.js";

export function ringOf({
  ring = "",
  freezes = 0,
}: {
  readonly ring?: string;
  readonly freezes?: number;
}): Ring | null {
  return ring === "" ? null : parseRing(ring, freezes);
}

export function ringText({ files, megabytes }: Ring): string {
  return `going round in ${files} files of ${megabytes} MB at a point, `;
}

export function mostBytes(plans: readonly NodeCapturePlan[]): number {
  return Math.max(0, ...plans.map(({ maxBytes }) => maxBytes));
}

/** Before anything starts, of what the node said of its disk. Throws NODE_DISK_FULL. */
export function refuseTooLarge(
  { node, maxBytes, minFreeBytes }: NodeCapturePlan,
  tools: Readonly<Record<string, NodeTools>>,
): void {
  const freeBytes = tools[node]?.freeDiskBytes ?? null;
  if (freeBytes === null || freeBytes >= maxBytes + minFreeBytes) return;
  throw new HopbookError(
    "NODE_DISK_FULL",
    `Cannot capture on ${node}: its rings may take ${formatSize(maxBytes)} and ${formatSize(minFreeBytes)} have to stay free, and ${formatSize(freeBytes)} are free`,
    {
      where: { node },
      hint: "Give a smaller ring, fewer points, or another folder with workDir in the cluster profile",
    },
  );
}
