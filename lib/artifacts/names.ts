import { lstatSync } from "node:fs";
import type { LocalFile } from "../model/local-file.js";
import { isAbsolute, join, sep } from "node:path";

const MAX_NAME_CHARS = 80;

/**
 * One path component made of `text`, which may come from a cluster: letters, digits, `.`, `_` and `-`
 * only, no leading dot or dash, at most 80 characters, never empty. `shop/client` becomes `shop-client`.
 */
export function makeSafeName(text: string): string {
  const safe = text
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/-{2,}/g, "-")
    .slice(0, MAX_NAME_CHARS)
    .replace(/^[.-]+|[.-]+$/g, "");
  return safe === "" ? "unnamed" : safe;
}

/** `2026-11-20T21-44-54Z`: RFC 3339 without what a file name should not have. */
export function formatFolderTime(now: Date): string {
  return now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
}

type InsideResult =
  { readonly ok: true; readonly path: LocalFile } | { readonly ok: false; readonly reason: string };

/**
 * The absolute path of `rel` below `dir`, refused where it is absolute, climbs, has control characters
 * or passes through a symbolic link: paths in findings and manifests may have been written by others.
 */
export function resolveInside(dir: string, rel: string): InsideResult {
  if (rel === "") return refuse("it is empty");
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(rel)) return refuse("it has a control character or a backslash");
  if (isAbsolute(rel)) return refuse("it is absolute");
  const parts = rel.split("/");
  if (parts.some((part) => part === ".." || part === "." || part === ""))
    return refuse("it has an empty, . or .. component");
  let path = dir;
  for (const part of parts) {
    path = join(path, part);
    if (isSymlink(path)) return refuse(`${parts.join(sep)} passes through a symbolic link`);
  }
  return { ok: true, path: path as LocalFile };
}

function refuse(reason: string): InsideResult {
  return { ok: false, reason };
}

/** Below a plain file (ENOTDIR) there is no link either; who opens the path is told so by the system. */
function isSymlink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch {
    return false;
  }
}
