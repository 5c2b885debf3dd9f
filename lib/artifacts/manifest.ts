import { createHash } from "node:crypto";
import { createReadStream, lstatSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export const MANIFEST_FILE = "manifest.json";

/** manifest.json, schemas/manifest.json. */
export interface Manifest {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "Manifest";
  readonly run: {
    readonly id: string;
    readonly runbook: string;
    readonly target: string;
    /** RFC 3339, UTC. */
    readonly createdAt: string;
    readonly finishedAt: string;
  };
  /** Every file of the folder but the manifest itself, sorted by path. */
  readonly files: readonly ManifestFile[];
  /** What is in the folder and no regular file (a symbolic link, a socket); never followed. */
  readonly notFiles: readonly string[];
}

export interface ManifestFile {
  /** Relative to the run folder, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Of the bytes as they came from the node, where that was computed. Differs: the file changed since. */
  readonly sourceSha256: string | null;
  /** The node it came from; null: made by hopbook itself. */
  readonly node: string | null;
  readonly argv: readonly string[] | null;
  readonly exitCode: number | null;
  /** The command's output was cut at its limit. */
  readonly truncated: boolean;
  /** The node's clock minus the client's; null where it is not known. */
  readonly clockOffsetMs: number | null;
}

interface FolderListing {
  readonly files: readonly string[];
  readonly notFiles: readonly string[];
}

/** Everything below `dir` but the manifest and half-written temporary files, sorted by code unit. */
export async function listFolder(dir: string): Promise<FolderListing> {
  const files: string[] = [];
  const notFiles: string[] = [];
  const waiting = [""];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (path === MANIFEST_FILE || isTemporary(entry.name)) continue;
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) files.push(path);
      else notFiles.push(path);
    }
  }
  return { files: files.sort(), notFiles: notFiles.sort() };
}

const TEMPORARY = /^\.hopbook-tmp-/;

/** The name a file has until it is whole. */
export function makeTemporaryName(unique: string): string {
  return `.hopbook-tmp-${unique}`;
}

function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Size and digest of a regular file, read in pieces. */
export async function hashFile(path: string): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  await pipeline(createReadStream(path), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      sizeBytes += chunk.length;
      hash.update(chunk);
    }
  });
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** True where `path` is a regular file and not a link to one. */
export function isRegularFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
