import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
// Not by document/index.js: completion finds runbooks, and must not wait for a schema validator to load.
import { nearestFew } from "../document/nearest.js";
import { HopbookError } from "../errors.js";

/**
 * The file of a runbook: what has a slash or ends as a YAML or TypeScript file does is a path and is taken as it is, else it is
 * a name in one of the folders, the first one first. Throws RUNBOOK_NOT_FOUND, with near names.
 */
export async function findRunbook(nameOrFile: string, dirs: readonly string[]): Promise<string> {
  if (nameOrFile.includes("/") || /\.(ya?ml|m?[jt]s)$/.test(nameOrFile)) {
    if (await exists(nameOrFile)) return nameOrFile;
    throw new HopbookError(
      "RUNBOOK_NOT_FOUND",
      `Cannot find the runbook ${nameOrFile}: there is no such file`,
      {
        hint: "Check the path, or name one that `hopbook list` shows",
      },
    );
  }
  const files = await listRunbookFiles(dirs);
  const file = files.get(nameOrFile);
  if (file !== undefined) return file;
  const near = nearestFew(nameOrFile, files.keys(), 3);
  const known = [...files.keys()].join(", ");
  throw new HopbookError("RUNBOOK_NOT_FOUND", `Cannot find the runbook ${nameOrFile}: none has that name`, {
    hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "See what there is with: hopbook list",
    detail: known === "" ? `no runbooks in ${dirs.join(", ")}` : `runbooks: ${known}`,
  });
}

/** Files by the name that a runbook is run by, sorted; of the same name in two folders the first folder's. Reads none. */
export async function listRunbookFiles(dirs: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const dir of dirs) {
    for (const entry of await readFolder(dir)) {
      const name = basename(entry).replace(/\.ya?ml$/, "");
      // NAME.test.yaml stands beside the runbook that it tests.
      if (name !== entry && !name.endsWith(".test") && !found.has(name)) found.set(name, join(dir, entry));
    }
  }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b, "en")));
}

/** Every file of a runbook's name, the first folder's first. */
export async function findNamed(name: string, dirs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(dirs.map((dir) => listRunbookFiles([dir])));
  return found.flatMap((files) => files.get(name) ?? []);
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
