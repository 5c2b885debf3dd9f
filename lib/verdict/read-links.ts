import { open, stat } from "node:fs/promises";
import { HopbookError, messageOf } from "../errors.js";
import { parseLinks } from "../linux/links.js";

/** More than a node with thousands of pods prints. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * What files hold that `ip -j link` wrote. Throws USAGE where there are neither one nor as many as captures, or one tells of
 * no device, FILE_UNREADABLE.
 */
export async function readLinks(files: readonly string[], captures: number): Promise<readonly string[]> {
  if (files.length > 1 && files.length !== captures)
    throw new HopbookError("USAGE", `Cannot take ${files.length} --links for ${captures} captures`, {
      hint: "Give one for all of them, or one for each in their order",
    });
  return Promise.all(files.map(readOne));
}

async function readOne(file: string): Promise<string> {
  const text = await readText(file);
  if (parseLinks(text).length === 0)
    throw new HopbookError("USAGE", `Cannot take --links ${file}: it tells of no device`, {
      where: { file },
      hint: "Write it on the node of the captures: ip -j link > links.json",
    });
  return text;
}

async function readText(file: string): Promise<string> {
  try {
    // Before it is opened: a pipe would not be, until somebody writes to it.
    if (!(await stat(file)).isFile()) throw new Error("it is no file");
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new HopbookError("FILE_UNREADABLE", `Cannot read ${file}: ${messageOf(error)}`, {
      where: { file },
      cause: error,
    });
  }
}
