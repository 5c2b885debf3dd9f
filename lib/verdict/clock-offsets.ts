import { readRunJson, type RunFolder } from "../artifacts/index.js";

/** Where path/discover says what nodes have. */
const PATHS_FILE = "evidence/paths.json";

/**
 * Tells the manifest how far the nodes' clocks are from this machine's, as they were found with the path: in one run, or
 * in the one that was left and is collected now. A run without a path knows none.
 */
export async function registerClocks(folder: RunFolder): Promise<void> {
  const found = (await readRunJson(folder.dir, PATHS_FILE).catch(() => null)) as { tools?: unknown } | null;
  const tools = found?.tools;
  if (typeof tools !== "object" || tools === null) return;
  for (const [node, told] of Object.entries(tools) as [string, { clockOffsetSec?: unknown } | null][]) {
    const offsetSec = told?.clockOffsetSec;
    if (typeof offsetSec === "number") folder.registerClock(node, Math.round(offsetSec * 1000));
  }
}
