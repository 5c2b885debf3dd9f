import { closeSync, constants, openSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readMagic } from "../packets/magic.js";

/** A must-gather of a large cluster has some ten thousand files. */
const MOST_FILES = 200_000;
const MOST_DEPTH = 24;
/** Of what is compressed, that which is called a capture: archives of texts begin in the same way. */
const CAPTURE_NAME = /\.(?:pcap|pcapng|cap)\d*\.(?:gz|zst)$/i;

/** What lies in a folder, by paths relative to it, sorted. */
interface Listing {
  readonly files: readonly string[];
  /** Whether there was more, or deeper, than is looked at. */
  readonly isCut: boolean;
}

/** Every regular file below a folder; no link is followed, since whoever made the folder may have let it lead anywhere. */
export async function listFiles(dir: string): Promise<Listing> {
  const files: string[] = [];
  let isCut = false;
  const waiting = [{ folder: "", depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { folder, depth } = next;
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < MOST_DEPTH) waiting.push({ folder: path, depth: depth + 1 });
      else if (entry.isDirectory() || files.length >= MOST_FILES) isCut = true;
      else if (entry.isFile()) files.push(path);
    }
  }
  return { files: files.sort(), isCut };
}

/** Whether a file's first bytes are a capture's. Throws as `open` does. */
export function isCapture(dir: string, path: string): boolean {
  const fd = openSync(join(dir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const magic = readMagic(fd);
    return magic === "capture" || (magic === "compressed" && CAPTURE_NAME.test(path));
  } finally {
    closeSync(fd);
  }
}
