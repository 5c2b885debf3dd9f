import { realpath } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import type { LoadedCluster } from "../cluster/index.js";
import { checkRunbook, findNamed, findRunbook, loadRunbook, type Runbook } from "../runbook/index.js";
import { HopbookError } from "../errors.js";
import { STEP_KINDS } from "../steps/registry.js";
import { RUNBOOK_DIR, runbookDirs } from "./places.js";
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
  const isOfCluster =
    cluster?.dirs.runbooks !== undefined && dirname(file) === resolve(cluster.dirs.runbooks);
  if (!isOfCluster || dirname(file) === resolve(cwd, "runbooks")) await refuseShadow(nameOrFile, file);
  const findBases = (base: string): Promise<string[]> => listBases(base, { dirs, cwd, file });
  const runbook = isScriptFile(file)
    ? await loadScriptRunbook(file)
    : await loadRunbook(file, { findBases, overlays: cluster?.overlays ?? [] });
  checkRunbook(runbook, [...STEP_KINDS.values()]);
  return runbook;
}

/**
 * Files that a name behind `extends` may mean. The working folder may be anybody's: what it brings is no base of a runbook
 * that lies elsewhere, nor ever of hopbook's own name.
 */
async function listBases(
  base: string,
  { dirs, cwd, file }: { readonly dirs: readonly string[]; readonly cwd: string; readonly file: string },
): Promise<string[]> {
  const found = await findNamed(base, dirs);
  const isOwn = found.some((each) => dirname(each) === resolve(RUNBOOK_DIR));
  const isHere = !/^\.\.(\/|$)/.test(relative(await realpath(cwd), await realpath(file)));
  return found.filter((each) => dirname(each) !== resolve(cwd, "runbooks") || (isHere && !isOwn));
}

/** A name means what it has always meant: a folder's own file of that name is run where it is named as a file. */
async function refuseShadow(name: string, file: string): Promise<void> {
  if (name === file || dirname(file) === resolve(RUNBOOK_DIR)) return;
  if ((await findNamed(name, [RUNBOOK_DIR])).length === 0) return;
  throw new HopbookError(
    "USAGE",
    `Cannot tell which ${name} is meant: ${file} has the name of one of hopbook's own`,
    {
      where: { file },
      hint: `Name the file, ${file}, or ${join(RUNBOOK_DIR, `${name}.yaml`)}`,
    },
  );
}
