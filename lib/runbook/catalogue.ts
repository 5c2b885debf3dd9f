import { asHopbookError, type HopbookError } from "../errors.js";
import { findNamed, listRunbookFiles } from "./find.js";
import { loadRunbook } from "./load.js";
import type { Runbook } from "./types.js";

/** A runbook in one of the folders: as it is, or why it is not one. */
interface CatalogueEntry {
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
  const files = await listRunbookFiles(dirs);
  const entries = [...files].map(async ([name, file]): Promise<CatalogueEntry> => {
    try {
      const runbook = await loadRunbook(file, { findBases: (base) => findNamed(base, dirs) });
      return { name, file, title: runbook.metadata.title, runbook, error: null };
    } catch (error) {
      const known = asHopbookError(error);
      return { name, file, title: `not valid: ${known.message}`, runbook: null, error: known };
    }
  });
  return Promise.all(entries);
}
