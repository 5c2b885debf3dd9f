import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RUNBOOK_DIR } from "../catalogue/places.js";
import { fitsName } from "../model/names.js";
import type { GrantSource } from "../model/permissions.js";
import { containsPath } from "../permissions/index.js";
import { findForeignDir, findOwnerFault } from "./permission-profile.js";

/** A file that a runbook is made of: its own, one that it extends, a script's, or one that a script imports. */
export interface RunbookPart {
  readonly file: string;
  /** Of its text, as lower-case hex; null: not known before it runs. */
  readonly sha256: string | null;
}

interface Subject {
  /** As the file has it: it may say anything. */
  readonly runbook: string;
  /** Its own file first; none: it is a command of hopbook's own. Without what the cluster profile lays over it. */
  readonly parts: readonly RunbookPart[];
}

const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** Whether what a source denies is for a runbook: by any of its entries, and by the name that it calls itself too. */
export async function isDeniedBy(
  { runbooks, dir }: GrantSource,
  { runbook, parts }: Subject,
): Promise<boolean> {
  if (runbooks === undefined) return true;
  if (runbooks.some((entry) => isName(entry) && fitsName(entry, runbook))) return true;
  const [own] = parts;
  return own !== undefined && (await findBound(own, { entries: runbooks, dir })) !== null;
}

/**
 * Why a source grants a runbook nothing; null: it is for it. A name stands for hopbook's own runbook of that name, for a
 * file names itself; any other is meant by its path or by the digest of each of its files.
 */
export async function findGrantFault(source: GrantSource, subject: Subject): Promise<string | null> {
  const { runbooks, dir } = source;
  if (runbooks === undefined) return null;
  const { runbook, parts } = subject;
  const named = runbooks.findIndex((entry) => isName(entry) && fitsName(entry, runbook));
  const foreign = await findForeignPart(subject);
  if (named >= 0 && foreign === null) return null;
  const [own] = parts;
  const bound = own === undefined ? null : await findBound(own, { entries: runbooks, dir });
  if (own === undefined || bound === null) {
    if (named < 0 || foreign === null) return NOT_MEANT;
    return `${source.placeOf(["runbooks", named])} names hopbook's own ${runbook}, and ${foreign.file} is not of it: give ${describe(foreign)}`;
  }
  for (const part of parts) {
    if (await isBuiltIn(part, runbook)) continue;
    const by = await findBound(part, { entries: runbooks, dir });
    const isBeside = bound.by === "path" && containsPath(dirname(bound.file), await realpath(part.file));
    if (by?.by === "digest") continue;
    if (by === null && !isBeside) {
      return `${source.placeOf(["runbooks"])} says nothing of ${part.file}, which is a part of ${runbook}: add ${describe(part)}`;
    }
    const fault =
      (await findWriter(by?.named ?? bound.named)) ?? (await findWriter(await realpath(part.file)));
    if (fault !== null) return `${source.placeOf(["runbooks"])} names ${own.file} by its path, and ${fault}`;
  }
  return null;
}

/** It speaks of other runbooks, and that is nothing to be told. */
export const NOT_MEANT = "";

function isName(entry: string): boolean {
  return !entry.includes("/") && !DIGEST.test(entry);
}

function describe({ file, sha256 }: RunbookPart): string {
  return sha256 === null ? `the path ${file}` : `its path, ${file}, or sha256:${sha256}`;
}

interface Bound {
  readonly by: "path" | "digest";
  /** Without links. */
  readonly file: string;
  /** As the entry has it, absolute. */
  readonly named: string;
}

async function findBound(
  { file, sha256 }: RunbookPart,
  { entries, dir }: { readonly entries: readonly string[]; readonly dir: string },
): Promise<Bound | null> {
  const real = await realpath(file).catch(() => resolve(file));
  if (sha256 !== null && entries.includes(`sha256:${sha256}`))
    return { by: "digest", file: real, named: real };
  for (const entry of entries.filter((each) => each.includes("/"))) {
    const named = resolve(dir, entry);
    if ((await realpath(named).catch(() => null)) === real) return { by: "path", file: real, named };
  }
  return null;
}

/** The first part that does not come with hopbook. */
async function findForeignPart({ runbook, parts }: Subject): Promise<RunbookPart | null> {
  for (const part of parts) if (!(await isBuiltIn(part, runbook))) return part;
  return null;
}

/** It lies where hopbook's own do, or has the very text of the one of that name: the copy that a run left keeps. */
async function isBuiltIn({ file, sha256 }: RunbookPart, runbook: string): Promise<boolean> {
  if ((await findForeignDir(file, [RUNBOOK_DIR]).catch(() => undefined)) !== undefined) return true;
  if (sha256 === null || !/^[a-z0-9-]+$/.test(runbook)) return false;
  const own = await readFile(join(RUNBOOK_DIR, `${runbook}.yaml`)).catch(() => null);
  return own !== null && createHash("sha256").update(own).digest("hex") === sha256;
}

/** Who may write a file, or put another in its place, is who is granted something by its path. */
async function findWriter(file: string): Promise<string | null> {
  for (let place = file; ; place = dirname(place)) {
    const { mode, uid } = await stat(place);
    // In a folder such as /tmp nobody but the owner may move a file away.
    const fault = findOwnerFault({
      mode: place !== file && (mode & 0o1000) !== 0 ? mode & ~0o022 : mode,
      uid,
    });
    if (fault !== undefined) return place === file ? `${fault}` : `of its folder ${place} ${fault}`;
    if (place === dirname(place)) return null;
  }
}
