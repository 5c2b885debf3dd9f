/**
 * What nodes print goes into argv only when it looks like what it should be. Anything else is left out of
 * the plan: a look that cannot be asked for safely is not asked for.
 */

const NETNS_PATH = /^\/(?:[A-Za-z0-9_.:+@-]+\/)*[A-Za-z0-9_.:+@-]+$/;

/** True for an absolute path of plain characters with no `..` in it. */
export function isNetnsPath(text: string): boolean {
  return NETNS_PATH.test(text) && !text.split("/").includes("..");
}

/** A name as a part of a file name: at most 64 characters of `A-Za-z0-9_.-`, never hidden, never empty. */
export function toFilePart(text: string): string {
  const safe = text
    .replaceAll(/[^A-Za-z0-9_.-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 64);
  return safe === "" ? "_" : safe;
}
