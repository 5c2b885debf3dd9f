import type { LoadedCluster } from "../cluster/index.js";
import { checkRunbook, findNamed, findRunbook, loadRunbook, type Runbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { runbookDirs } from "./places.js";
import { isScriptFile, loadScriptRunbook } from "./scripts.js";

/**
 * Loads a runbook by name or file, with what it extends and what the cluster's profile lays over it, and checks it
 * against the step kinds there are. A runbook in TypeScript is taken as it is.
 */
export async function loadNamedRunbook(
  nameOrFile: string,
  cwd: string,
  { cluster = null }: { readonly cluster?: LoadedCluster | null } = {},
): Promise<Runbook> {
  const dirs = runbookDirs(cwd, cluster?.dirs.runbooks);
  const file = await findRunbook(nameOrFile, dirs);
  const findBases = (base: string): Promise<string[]> => findNamed(base, dirs);
  const runbook = isScriptFile(file)
    ? await loadScriptRunbook(file)
    : await loadRunbook(file, { findBases, overlays: cluster?.overlays ?? [] });
  checkRunbook(runbook, [...STEP_KINDS.values()]);
  return runbook;
}
