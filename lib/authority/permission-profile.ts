import { open, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { assertValid, parseDocument, type DocumentPath } from "../document/index.js";
import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";
import type { GrantBlock, GrantSource } from "../model/permissions.js";
import { containsPath } from "../permissions/index.js";

const MAX_PROFILE_BYTES = 1024 * 1024;

interface ProfilePlaces {
  readonly cwd: string;
  /** Of this process: XDG_CONFIG_HOME is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders that the run's own files come from. What lies in them was not written by the operator. */
  readonly foreignDirs: readonly string[];
}

interface ProfileDocument {
  readonly runbooks?: readonly string[];
  readonly allow?: GrantBlock;
  readonly deny?: GrantBlock;
}

/**
 * Reads an operator's permission profile (schemas/permission-profile.json): a path, or a name in
 * `$XDG_CONFIG_HOME/hopbook/permissions`. Throws FILE_UNREADABLE or DOCUMENT_INVALID, and PERMISSION_DENIED where
 * somebody else than the operator can have written it.
 */
export async function loadPermissionProfile(nameOrFile: string, places: ProfilePlaces): Promise<GrantSource> {
  const file = findFile(nameOrFile, places);
  const text = await readTrusted(file, places.foreignDirs);
  const document = parseDocument(text, file);
  const { runbooks, allow, deny } = assertValid<ProfileDocument>(document, "permission-profile");
  return {
    ...(runbooks === undefined ? {} : { runbooks }),
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
    dir: dirname(file),
    placeOf: (path: DocumentPath) => `${file}:${document.locate(path).line}`,
  };
}

/** A bare word is a name and never a file of the folder that one happens to stand in. */
function findFile(nameOrFile: string, { cwd, env }: ProfilePlaces): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(nameOrFile)) return resolve(cwd, nameOrFile);
  const home = env["XDG_CONFIG_HOME"];
  // A relative one means nothing (XDG Base Directory Specification), and would be a folder of anybody's.
  const config = home !== undefined && isAbsolute(home) ? home : join(homedir(), ".config");
  return join(config, "hopbook", "permissions", `${nameOrFile}.yaml`);
}

/** Looks and reads through one open file, so that what was looked at is what is read. */
async function readTrusted(file: string, foreignDirs: readonly string[]): Promise<string> {
  const handle = await open(file).catch((error: unknown) => {
    throw unreadable(file, error, {
      hint: "Name a permission profile by its path, or by its name in ~/.config/hopbook/permissions",
    });
  });
  try {
    const info = await handle.stat();
    const fault = info.isFile() ? findOwnerFault(info) : "it is not a regular file";
    if (fault !== undefined) throw distrusted(file, fault);
    if (info.size > MAX_PROFILE_BYTES) throw distrusted(file, "it is larger than 1 MiB");
    const place = await findForeignDir(file, foreignDirs);
    if (place !== undefined) {
      throw distrusted(file, `it lies in ${place}, where the runbook or a part of it comes from`);
    }
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

interface Ownership {
  readonly mode: number;
  readonly uid: number;
}

/** Why somebody else can have written a file; undefined where only this user and root can. */
export function findOwnerFault({ mode, uid }: Ownership): string | undefined {
  if ((mode & 0o002) !== 0) return "everybody may write it";
  if ((mode & 0o020) !== 0) return "its group may write it";
  const me = process.getuid?.();
  return me === undefined || uid === me || uid === 0 ? undefined : "it belongs to another user";
}

/** The folder among these in which a file really lies; undefined where it lies in none. */
export async function findForeignDir(
  file: string,
  foreignDirs: readonly string[],
): Promise<string | undefined> {
  const real = await realpath(file);
  for (const dir of foreignDirs) {
    const realDir = await realpath(dir).catch(() => resolve(dir));
    // As it was named, too: a link within the runbook's folder was put there with the runbook.
    if (containsPath(realDir, real) || containsPath(resolve(dir), resolve(file))) return dir;
  }
  return undefined;
}

function distrusted(file: string, reason: string): HopbookError {
  return new HopbookError("PERMISSION_DENIED", `Cannot use the permission profile ${file}: ${reason}`, {
    where: { file },
    hint: "Keep it outside the runbook's folder, as in ~/.config/hopbook/permissions, and take the right to write it from others: chmod go-w FILE",
  });
}
