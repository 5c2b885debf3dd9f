import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";
import { readRegularFile } from "../files/read.js";
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
    return (await readRegularFile(file, MOST_BYTES)).toString("utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}
