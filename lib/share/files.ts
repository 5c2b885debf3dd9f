import { closeSync, openSync, readSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";

/** A text with more is left out: it is held in memory as a whole. */
const MOST_TEXT_BYTES = 256 * 1024 * 1024;
/** pcap of both byte orders and resolutions and of a modified libpcap, pcapng, gzip, zstd. */
const CAPTURES: readonly string[] = [
  "a1b2c3d4",
  "d4c3b2a1",
  "a1b23c4d",
  "4d3cb2a1",
  "a1b2cd34",
  "34cdb2a1",
  "0a0d0d0a",
  "1f8b",
  "28b52ffd",
];

export type FileContent =
  | { readonly kind: "capture" }
  | { readonly kind: "text"; readonly text: string }
  /** Neither; why. */
  | { readonly kind: "other"; readonly reason: string };

/** What is in a file, by its bytes. */
export async function readContent(path: string): Promise<FileContent> {
  if (CAPTURES.some((magic) => beginningOf(path).startsWith(magic))) return { kind: "capture" };
  const { size } = await stat(path);
  if (size > MOST_TEXT_BYTES)
    return { kind: "other", reason: `it is a text of ${size} bytes, too many to be looked through` };
  const bytes = await readFile(path);
  if (bytes.includes(0)) return { kind: "other", reason: "it is neither a capture nor text" };
  return { kind: "text", text: bytes.toString("utf8") };
}

function beginningOf(path: string): string {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(4);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)).toString("hex");
  } finally {
    closeSync(fd);
  }
}
