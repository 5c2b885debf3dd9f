import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * The bytes of a regular file of at most `maxBytes`. Throws an Error whose message is for a person, or the system's own:
 * `unreadable` has the words for that. `flags` are added to those of `open`.
 */
export async function readRegularFile(file: string, maxBytes: number, flags = 0): Promise<Buffer> {
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new Error("it is not a regular file");
    if (info.size > maxBytes) throw new Error(`it has ${info.size} bytes, more than ${maxBytes}`);
    // No more than was said: it may grow while it is read.
    const bytes = Buffer.alloc(info.size);
    const { bytesRead } = await handle.read(bytes, 0, info.size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
