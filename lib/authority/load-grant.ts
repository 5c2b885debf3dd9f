import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ClusterProfile } from "../model/cluster.js";
import type { GrantSource } from "../model/permissions.js";
import { parseGrant, type Grant, type GrantFlags } from "../permissions/index.js";
import { RUNBOOK_DIR } from "../catalogue/places.js";
import { findGrantFault, isDeniedBy, NOT_MEANT, type RunbookPart } from "./bound-grant.js";
import { findForeignDir, findOwnerFault, loadPermissionProfile } from "./permission-profile.js";

interface GrantPlaces {
  readonly flags: GrantFlags;
  readonly profile: Pick<ClusterProfile, "file" | "grants" | "nodes" | "operatorImage">;
  /** The runbook's name, as its file has it. */
  readonly runbook: string;
  /** What it is made of, but for what the cluster profile lays over it; none: a command of hopbook's own. */
  readonly parts: readonly RunbookPart[];
  readonly cwd: string;
  /** Files that the runbook and its parts come from. */
  readonly sourceFiles: readonly string[];
  /** Those of them that the cluster profile lays over the runbook: who trusts the profile trusts them. */
  readonly overlayFiles: readonly string[];
  /** The operator named the profile; else it was found in the working folder, which may be a folder from anybody. */
  readonly isClusterNamed: boolean;
}

export interface LoadedGrant {
  readonly grant: Grant;
  /** Why something that would grant is left out, and what else the person should know before the answer. */
  readonly notes: readonly string[];
  /**
   * Those of the notes that say what a profile that was not named has run, here or on the nodes. No flag and no
   * permission profile was given with this in mind, `--yes` least of all: only an answer covers it.
   */
  readonly strange: readonly string[];
  /** Those of them that are known before the nodes are. */
  readonly laidOver: readonly string[];
}

/** Flags, permission profiles and the cluster's grants as one. Throws what the profiles throw, and USAGE. */
export async function loadGrant(places: GrantPlaces): Promise<LoadedGrant> {
  const { flags, profile, cwd, sourceFiles, overlayFiles, isClusterNamed } = places;
  const foreignDirs = dirsOf(sourceFiles);
  const profiles: GrantSource[] = [];
  for (const name of flags.permissionProfile ?? []) {
    profiles.push(await loadPermissionProfile(name, { cwd, env: process.env, foreignDirs }));
  }
  const fault =
    (isClusterNamed ? undefined : await findStrangerFault(profile, sourceFiles)) ??
    (await findClusterFault(profile, dirsOf(sourceFiles.filter((file) => !overlayFiles.includes(file)))));
  const cluster = (profile.grants ?? []).map((source) =>
    // A denial only takes away, so it holds whoever wrote it.
    fault === undefined ? source : withoutAllow(source),
  );
  // What is wrong in one is told, be it for this runbook or not.
  parseGrant(flags, { cwd, sources: [...profiles, ...cluster] });
  const { sources, missed } = await narrowSources([...profiles, ...cluster], places);
  const isMissed = fault !== undefined && (profile.grants ?? []).some(({ allow }) => allow !== undefined);
  const notes = [...(isMissed ? [`The grants of ${profile.file} are left out: ${fault}`] : []), ...missed];
  const grant = parseGrant(flags, { cwd, sources });
  const laidOver = isClusterNamed ? [] : warnOfOverlays(profile, overlayFiles);
  return regardNodes({ grant, notes, strange: [], laidOver }, { profile, isClusterNamed });
}

/** Of each source what it says of this runbook, and why one that seems to be for it grants it nothing. */
async function narrowSources(
  all: readonly GrantSource[],
  places: GrantPlaces,
): Promise<{ readonly sources: readonly GrantSource[]; readonly missed: readonly string[] }> {
  const sources: GrantSource[] = [];
  const missed: string[] = [];
  for (const source of all) {
    const isDenied = source.deny !== undefined && (await isDeniedBy(source, places));
    const fault = source.allow === undefined ? NOT_MEANT : await findGrantFault(source, places);
    const granting = fault === null ? source : withoutAllow(source);
    if (fault === null || isDenied) sources.push(isDenied ? granting : withoutDeny(granting));
    if (fault !== null && fault !== NOT_MEANT) missed.push(`A grant is left out: ${fault}`);
  }
  return { sources, missed };
}

/** The same, once it is known which nodes there are and how they are entered. */
export function regardNodes(
  { grant, notes, strange, laidOver }: LoadedGrant,
  { profile, isClusterNamed }: Pick<GrantPlaces, "profile" | "isClusterNamed">,
): LoadedGrant {
  const now = isClusterNamed
    ? []
    : [...laidOver, ...warnOfLocal(profile), ...warnOfSsh(profile), ...warnOfImages(profile)];
  return {
    grant,
    notes: [...notes.filter((note) => !strange.includes(note)), ...now],
    strange: now,
    laidOver,
  };
}

/** What is laid over a runbook may replace its steps and add to what it declares, which `--yes` then grants. */
function warnOfOverlays({ file }: GrantPlaces["profile"], overlayFiles: readonly string[]): string[] {
  return overlayFiles.map(
    (overlay) =>
      `${file ?? "the profile"} was not named, and lays ${overlay} over the runbook: it may change each of its steps`,
  );
}

/** Who only cloned a folder does not think of this machine as a node of it. */
function warnOfLocal({ file, nodes }: GrantPlaces["profile"]): string[] {
  const names = nodes.flatMap(({ name, access }) => (access.via === "local" ? [name] : []));
  if (file === undefined || names.length === 0) return [];
  const some = names.length > 4 ? [...names.slice(0, 4), `${names.length - 4} more`] : names;
  return [`${file} was not named, and takes this machine for nodes (via: local): ${some.join(", ")}`];
}

/** What comes with a folder from anybody is ssh's own configuration: a ProxyCommand in it runs here, not on a node. */
function warnOfSsh({ file, nodes }: GrantPlaces["profile"]): string[] {
  const configs = nodes.flatMap(({ access }) =>
    access.via === "ssh" && access.sshConfig !== undefined ? [access.sshConfig] : [],
  );
  return [...new Set(configs)].map(
    (config) =>
      `${file} was not named, and logs in with ${config}: what that says may run programs on this machine`,
  );
}

/** An image that a folder from anybody names gets root on the nodes, and nobody looks into it. */
function warnOfImages({ file, nodes, operatorImage }: GrantPlaces["profile"]): string[] {
  if (file === undefined) return [];
  const images = nodes.flatMap(({ access }) =>
    "image" in access && access.image !== undefined && access.image !== operatorImage ? [access.image] : [],
  );
  return [...new Set(images)].map(
    (image) => `${file} was not named, and enters nodes with the image ${image}: it gets all rights there`,
  );
}

function dirsOf(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => dirname(file)))];
}

function withoutAllow({ allow: _, ...rest }: GrantSource): GrantSource {
  return rest;
}

function withoutDeny({ deny: _, ...rest }: GrantSource): GrantSource {
  return rest;
}

/**
 * A profile that was taken from the working folder by itself may have come there with the runbook, or with what it lays
 * over one. It grants only to those that come with hopbook, as they are.
 */
async function findStrangerFault(
  { file, grants }: GrantPlaces["profile"],
  sourceFiles: readonly string[],
): Promise<string | undefined> {
  if (file === undefined || (grants ?? []).length === 0) return undefined;
  for (const source of sourceFiles) {
    if ((await findForeignDir(source, [RUNBOOK_DIR]).catch(() => undefined)) === undefined)
      return `it was not named, and the runbook has a part that does not come with hopbook, ${source}: name it with --cluster`;
  }
  return undefined;
}

async function findClusterFault(
  { file, grants }: GrantPlaces["profile"],
  foreignDirs: readonly string[],
): Promise<string | undefined> {
  if (file === undefined || (grants ?? []).length === 0) return undefined;
  try {
    const fault = findOwnerFault(await stat(file));
    if (fault !== undefined) return fault;
    const place = await findForeignDir(file, foreignDirs);
    return place === undefined ? undefined : `it lies in ${place}, where the runbook comes from`;
  } catch {
    return "it is gone";
  }
}
