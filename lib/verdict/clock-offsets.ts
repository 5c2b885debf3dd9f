import { listFolder, readRunJson, type RunFolder } from "../artifacts/index.js";
import { stepEvidenceFolder } from "../model/evidence.js";

/**
 * Tells the manifest how far the nodes' clocks are from this machine's, as they were found with each path: in one run, or
 * in the one that was left and is collected now. A run without a path knows none.
 */
export async function registerClocks(folder: RunFolder): Promise<void> {
  const { files } = await listFolder(folder.dir);
  for (const file of files.filter((path) => path.startsWith(`${stepEvidenceFolder("paths")}/`))) {
    const found = (await readRunJson(folder.dir, file).catch(() => null)) as { tools?: unknown } | null;
    registerTools(folder, found?.tools);
  }
}

function registerTools(folder: RunFolder, tools: unknown): void {
  if (typeof tools !== "object" || tools === null) return;
  for (const [node, told] of Object.entries(tools) as [string, { clockOffsetSec?: unknown } | null][]) {
    const offsetSec = told?.clockOffsetSec;
    if (typeof offsetSec === "number") folder.registerClock(node, Math.round(offsetSec * 1000));
  }
}
