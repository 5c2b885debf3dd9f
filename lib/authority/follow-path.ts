import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

const MAX_LINKS = 40;

/**
 * Where a path leads once every link in it is followed. Of what is not there yet the existing part is followed: a
 * file that is to be written has to be judged by where it would come to lie. Throws where that cannot be told.
 */
export function followPath(path: string, depth = 0): string {
  const base = resolve(path);
  if (depth > MAX_LINKS) throw new Error("too many links");
  try {
    return realpathSync.native(base);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
  }
  // A link to what is not there would be written through.
  if (lstatSync(base, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    return followPath(resolve(dirname(base), readlinkSync(base)), depth + 1);
  }
  const parent = dirname(base);
  return parent === base ? base : join(followPath(parent, depth), basename(base));
}
