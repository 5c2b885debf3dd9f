import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { asHopbookError, HopbookError } from "../errors.js";
import { nearestFew } from "../document/index.js";
import { loadRunbook } from "./load.js";
import type { Runbook } from "./types.js";

/** A runbook in one of the folders: as it is, or why it is not one. */
export interface CatalogueEntry {
  /** By its file's name, which is what it is run by. */
  readonly name: string;
  readonly file: string;
  /** One line; of a broken one what is wrong with it. */
  readonly title: string;
  readonly runbook: Runbook | null;
  readonly error: HopbookError | null;
}

/**
 * The runbooks (*.yaml, *.yml) right in some folders, by name. Of the same name in two folders the first
 * folder's counts. A folder that is not there is empty. A broken runbook is an entry with its error.
 */
export async function listRunbooks(dirs: readonly string[]): Promise<CatalogueEntry[]> {
  const files = await listFiles(dirs);
  const entries = [...files].map(async ([name, file]): Promise<CatalogueEntry> => {
    try {
      const runbook = await loadRunbook(file);
      return { name, file, title: runbook.metadata.title, runbook, error: null };
    } catch (error) {
      const known = asHopbookError(error);
      return { name, file, title: `not valid: ${known.message}`, runbook: null, error: known };
    }
  });
  return Promise.all(entries);
}

/**
 * The file of a runbook: what has a slash or ends in .yaml or .yml is a path and is taken as it is, else it is
 * a name in one of the folders, the first one first. Throws RUNBOOK_NOT_FOUND, with near names.
 */
export async function findRunbook(nameOrFile: string, dirs: readonly string[]): Promise<string> {
  if (nameOrFile.includes("/") || /\.ya?ml$/.test(nameOrFile)) {
    if (await exists(nameOrFile)) return nameOrFile;
    throw new HopbookError(
      "RUNBOOK_NOT_FOUND",
      `Cannot find the runbook ${nameOrFile}: there is no such file`,
      {
        hint: "Check the path, or name one that `hopbook list` shows",
      },
    );
  }
  const files = await listFiles(dirs);
  const file = files.get(nameOrFile);
  if (file !== undefined) return file;
  const near = nearestFew(nameOrFile, files.keys(), 3);
  const known = [...files.keys()].join(", ");
  throw new HopbookError("RUNBOOK_NOT_FOUND", `Cannot find the runbook ${nameOrFile}: none has that name`, {
    hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "See what there is with: hopbook list",
    detail: known === "" ? `no runbooks in ${dirs.join(", ")}` : `runbooks: ${known}`,
  });
}

async function listFiles(dirs: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const dir of dirs) {
    for (const entry of await readFolder(dir)) {
      const name = basename(entry).replace(/\.ya?ml$/, "");
      if (name !== entry && !found.has(name)) found.set(name, join(dir, entry));
    }
  }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b, "en")));
}

async function readFolder(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch {
    // A folder of the user's own that is not there yet is no error.
    return [];
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
