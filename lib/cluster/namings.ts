import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { assertValid, readDocument } from "../document/index.js";
import type { Naming } from "../model/naming.js";

/** Below a folder of recipes: a file for each that names things on nodes. */
export const NAMES_DIR = "names";

/**
 * By which names CNIs and kube-proxy are known, of folders of recipes; of two files with one name the later folder's is
 * taken. Throws FILE_UNREADABLE or DOCUMENT_INVALID.
 */
export async function loadNamings(recipeDirs: readonly string[]): Promise<readonly Naming[]> {
  const files = new Map<string, string>();
  for (const folder of recipeDirs.map((dir) => join(dir, NAMES_DIR))) {
    for (const file of await readdir(folder).catch(() => [])) {
      if (/^[0-9a-z-]+\.yaml$/.test(file)) files.set(file, join(folder, file));
    }
  }
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return Promise.all(sorted.map(async ([, file]) => assertValid<Naming>(await readDocument(file), "naming")));
}
