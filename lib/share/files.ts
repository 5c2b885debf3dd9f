import { closeSync, openSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { readMagic } from "../packets/magic.js";

/** A text with more is left out: it is held in memory as a whole. */
const MOST_TEXT_BYTES = 256 * 1024 * 1024;

export type FileContent =
  | { readonly kind: "capture" }
  | { readonly kind: "text"; readonly text: string }
  /** Neither; why. */
  | { readonly kind: "other"; readonly reason: string };

/** What is in a file, by its bytes. */
export async function readContent(path: string): Promise<FileContent> {
  if (isCapture(path)) return { kind: "capture" };
  const { size } = await stat(path);
  if (size > MOST_TEXT_BYTES)
    return { kind: "other", reason: `it is a text of ${size} bytes, too many to be looked through` };
  const bytes = await readFile(path);
  if (bytes.includes(0)) return { kind: "other", reason: "it is neither a capture nor text" };
  return { kind: "text", text: bytes.toString("utf8") };
}

/** Of what is compressed a run has captures alone. */
function isCapture(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    return readMagic(fd) !== null;
  } finally {
    closeSync(fd);
  }
}
