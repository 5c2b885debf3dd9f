import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** More than a node with thousands of pods prints in one command. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A file's text; null where it is larger than any command's output, or no file by now. Throws as `open` does. */
export function readBoundedText(dir: string, path: string): string | null {
  // Neither the last link nor a pipe is waited for, whatever was put in its place meanwhile.
  const fd = openSync(join(dir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > MOST_BYTES) return null;
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(fd, bytes, length, bytes.length - length, length);
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(fd);
  }
}

/** What stands in the first fence of Markdown, as bugtool writes a command's output; the text itself where there is none. */
export function unfence(text: string): string {
  const open = /^```[^\n]*\n/m.exec(text);
  if (open === null) return text;
  const at = open.index + open[0].length;
  const end = text.indexOf("\n```", at - 1);
  return text.slice(at, end < 0 ? undefined : end);
}
