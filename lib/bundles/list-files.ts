import { closeSync, constants, openSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** A must-gather of a large cluster has some ten thousand files. */
const MOST_FILES = 200_000;
const MOST_DEPTH = 24;
/** pcap of both byte orders and resolutions, and of a modified libpcap; pcapng. */
const CAPTURES: readonly string[] = [
  "a1b2c3d4",
  "d4c3b2a1",
  "a1b23c4d",
  "4d3cb2a1",
  "a1b2cd34",
  "34cdb2a1",
  "0a0d0d0a",
];
/** Of others compressed, those that are called captures: archives of texts begin in the same way. */
const COMPRESSED: readonly string[] = ["1f8b", "28b52ffd"];
const CAPTURE_NAME = /\.(?:pcap|pcapng|cap)\d*\.(?:gz|zst)$/i;

/** What lies in a folder, by paths relative to it, sorted. */
export interface Listing {
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
    const bytes = Buffer.alloc(4);
    const magic = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)).toString("hex");
    return (
      CAPTURES.includes(magic) ||
      (CAPTURE_NAME.test(path) && COMPRESSED.some((beginning) => magic.startsWith(beginning)))
    );
  } finally {
    closeSync(fd);
  }
}
