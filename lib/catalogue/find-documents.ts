import type { Dirent } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";

const MAX_DEPTH = 20;
const MAX_ENTRIES = 50_000;
const MAX_FILES = 5_000;
/** The envelope stands at the top of a file, behind comments at most. */
const HEAD_BYTES = 64 * 1024;
const ENVELOPE = /^\s*["']?apiVersion["']?\s*:\s*["']?hopbook\.dev\//m;

/**
 * The files that paths stand for, in their order: a file for itself, a folder for every *.yaml and *.yml below it
 * that says `apiVersion: hopbook.dev/…`. Links, hidden folders and node_modules are passed by. Throws FILE_UNREADABLE
 * for a path that is not there and USAGE for a folder that is too large.
 */
export async function findDocuments(paths: readonly string[]): Promise<readonly FoundDocument[]> {
  const found = new Map<string, FoundDocument>();
  for (const path of paths) {
    const info = await stat(path).catch((cause: unknown) => cause);
    if (info instanceof Error || !(info as { isDirectory(): boolean }).isDirectory()) {
      // A file that is not there is told of like one that is wrong, beside the others.
      found.set(path, { file: path });
    } else {
      const files = await walk(path);
      for (const file of files) found.set(file, { file });
      if (files.length === 0) found.set(path, { file: path, error: nothingIn(path) });
    }
  }
  return [...found.values()];
}

interface FoundDocument {
  readonly file: string;
  /** Why there is nothing to check. */
  readonly error?: HopbookError;
}

async function walk(root: string): Promise<string[]> {
  const files: string[] = [];
  const folders: { dir: string; depth: number }[] = [{ dir: root, depth: 0 }];
  let entries = 0;
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const { dir, depth } = next;
    for (const entry of await list(dir)) {
      entries += 1;
      const path = join(dir, entry.name);
      if (entry.isDirectory() && isOfInterest(entry.name)) {
        if (depth < MAX_DEPTH) folders.push({ dir: path, depth: depth + 1 });
      } else if (entry.isFile() && /\.ya?ml$/.test(entry.name) && (await isHopbooks(path))) files.push(path);
    }
    if (entries > MAX_ENTRIES || files.length > MAX_FILES) {
      throw new HopbookError(
        "USAGE",
        `Cannot check ${root}: it has more than ${MAX_FILES} documents or ${MAX_ENTRIES} files`,
        {
          hint: "Name the folders that hold the runbooks",
        },
      );
    }
  }
  return files.sort();
}

async function list(dir: string): Promise<Dirent[]> {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    throw unreadable(dir, error);
  }
}

function isOfInterest(name: string): boolean {
  return !name.startsWith(".") && name !== "node_modules";
}

async function isHopbooks(path: string): Promise<boolean> {
  const handle = await open(path, "r").catch(() => null);
  // One that cannot be read is told of, not passed by.
  if (handle === null) return true;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return ENVELOPE.test(buffer.toString("latin1", 0, bytesRead));
  } finally {
    await handle.close();
  }
}

function nothingIn(dir: string): HopbookError {
  return new HopbookError(
    "FILE_UNREADABLE",
    `Cannot check ${dir}: no file in it says apiVersion: hopbook.dev/v1`,
    {
      where: { file: dir },
      hint: "Name a file, or a folder with runbooks",
    },
  );
}
