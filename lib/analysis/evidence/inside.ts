import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { insidePath } from "../../shapes/generated/evidence.js";

/** More than any file of evidence but a capture has: larger ones are not read into memory. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * Whether a relative path passes through a symbolic link. A folder from elsewhere may hold some that lead out of it.
 */
export function isThroughLink(dir: string, rel: string): boolean {
  const parts = rel.split("/");
  return parts.some((_, index) => isLink(join(dir, ...parts.slice(0, index + 1))));
}

/** A plain file of the run folder, whole; undefined where it is none, too large or unreadable. */
export function readInside(dir: string, rel: string): Buffer | undefined {
  if (!insidePath(rel) || isThroughLink(dir, rel)) return undefined;
  let fd: number | undefined;
  let content: Buffer | undefined;
  try {
    // O_NONBLOCK: a pipe that nobody writes to would be waited for.
    fd = openSync(join(dir, rel), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const info = fstatSync(fd);
    if (info.isFile() && info.size <= MAX_TEXT_BYTES) content = readFileSync(fd);
  } catch {
    content = undefined;
  }
  if (fd !== undefined) closeSync(fd);
  return content;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch {
    return false; // below a plain file: who opens it is told so
  }
}
