import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes an absolute folder (0700, or as it is said) with those above it that are missing. Node's own `recursive: true` never
 * returns where the system says ENOENT below a folder that is there, as /proc does.
 */
export function makeFolder(path: string, mode = 0o700): void {
  const missing: string[] = [];
  for (let at = path; !isThere(at); at = dirname(at)) missing.push(at);
  for (const folder of missing.reverse()) makeOne(folder, mode);
  if (!statSync(path).isDirectory()) throw new Error("it is not a folder");
}

function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another run made it in the meantime.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** ENOTDIR throws: a file stands where a folder should be. */
function isThere(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return true;
  return dirname(path) === path;
}
