import { stat } from "node:fs/promises";
import { join } from "node:path";
import { HopbookError } from "../errors.js";
import { fileReason } from "../files/failure.js";
import { readRegularFile } from "../files/read.js";
import type { Findings } from "../model/findings.js";
import { describeFault } from "../shapes/fault.js";
import { findings as isFindings } from "../shapes/generated/findings.js";
import { manifest as isManifest } from "../shapes/generated/manifest.js";
import { hashFile, isRegularFile, listFolder, MANIFEST_FILE } from "./manifest.js";
import type { Manifest, ManifestFile } from "./manifest.js";
import { resolveInside } from "./names.js";

export const FINDINGS_FILE = "findings.json";
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** What is no longer as the manifest says. All empty: the folder is whole. */
interface ManifestReport {
  /** Another size or digest, or changed between the node and the folder. */
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** In the folder, not in the manifest. */
  readonly unlisted: readonly string[];
}

/** Compares a run folder with its manifest.json. Throws EVIDENCE_INVALID where there is no valid one. */
export async function verifyManifest(dir: string): Promise<ManifestReport> {
  const manifest = await readManifest(dir);
  const changed: string[] = [];
  const missing: string[] = [];
  for (const file of manifest.files) {
    const inside = resolveInside(dir, file.path);
    if (!inside.ok || !isRegularFile(inside.path)) missing.push(file.path);
    else if (await isChanged(inside.path, file)) changed.push(file.path);
  }
  const listed = new Set([...manifest.files.map((file) => file.path), ...manifest.notFiles]);
  const { files, notFiles } = await listFolder(dir);
  const unlisted = [...files, ...notFiles].filter((path) => !listed.has(path));
  return { changed: changed.sort(), missing: missing.sort(), unlisted: unlisted.sort() };
}

async function isChanged(path: string, file: ManifestFile): Promise<boolean> {
  if (file.sourceSha256 !== null && file.sourceSha256 !== file.sha256) return true;
  const now = await hashFile(path);
  return now.sizeBytes !== file.sizeBytes || now.sha256 !== file.sha256;
}

/** manifest.json of a run folder. Throws EVIDENCE_INVALID, FILE_UNREADABLE where the folder is not there. */
export async function readManifest(dir: string): Promise<Manifest> {
  await requireRunFolder(dir);
  const value = await readRunJson(dir, MANIFEST_FILE);
  if (!isManifest(value))
    throw failRead(join(dir, MANIFEST_FILE), describeFault(isManifest, value, "manifest"));
  return value;
}

/** findings.json of a run folder, its whole shape checked. Throws EVIDENCE_INVALID. */
export async function readFindings(dir: string): Promise<Findings> {
  const value = await readRunJson(dir, FINDINGS_FILE);
  if (!isFindings(value))
    throw failRead(join(dir, FINDINGS_FILE), describeFault(isFindings, value, "findings"));
  return value;
}

/** A JSON file of a run folder. Throws EVIDENCE_INVALID where it is not there, too large or not JSON. */
export async function readRunJson(dir: string, rel: string): Promise<unknown> {
  const inside = resolveInside(dir, rel);
  if (!inside.ok) throw failRead(join(dir, rel), inside.reason);
  try {
    return JSON.parse((await readRegularFile(inside.path, MAX_JSON_BYTES)).toString("utf8")) as unknown;
  } catch (error) {
    throw failRead(inside.path, error);
  }
}

/** Throws FILE_UNREADABLE, with where to look, where a run's folder is none or not there. */
export async function requireRunFolder(dir: string): Promise<void> {
  const info = await stat(dir).catch(() => null);
  if (info?.isDirectory() === true) return;
  const what = info === null ? "there is no such folder" : "it is no folder";
  throw new HopbookError("FILE_UNREADABLE", `Cannot read ${dir}: ${what}`, {
    hint: "Runs are below ./artifacts, or where --out said; each prints its folder at its end",
  });
}

function failRead(path: string, reason: unknown): HopbookError {
  return new HopbookError("EVIDENCE_INVALID", `Cannot read ${path}: ${fileReason(reason)}`, {
    where: { file: path },
    hint: "Name the folder of a run, as `hopbook run` printed it",
    cause: reason,
  });
}
