import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { extract, pack } from "tar-stream";
import { resolveInside } from "../artifacts/index.js";
import { HopbookError, messageOf } from "../errors.js";
import { unwritable } from "../files/failure.js";

/** All files have the same time: when an archive was made is nobody's concern. */
const TIME = new Date(0);
const MOST_FILES = 100_000;
const MOST_UNPACKED_BYTES = 64 * 1024 ** 3;

/** Writes files of a folder as FILE.tar.gz (0600). Throws ARTIFACTS_UNWRITABLE where it is there already, or cannot be. */
export async function writeArchive(
  file: string,
  {
    dir,
    paths,
    prefix,
  }: { readonly dir: string; readonly paths: readonly string[]; readonly prefix: string },
): Promise<void> {
  const packed = pack();
  try {
    const written = pipeline(packed, createGzip(), createWriteStream(file, { flags: "wx", mode: 0o600 }));
    const filled = fill(packed, { dir, paths, prefix }).catch((error: unknown) => {
      packed.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    });
    await written;
    await filled;
  } catch (error) {
    throw unwritable(file, error, { what: "the archive", elsewhere: "another file with --out" });
  }
}

async function fill(
  packed: ReturnType<typeof pack>,
  {
    dir,
    paths,
    prefix,
  }: { readonly dir: string; readonly paths: readonly string[]; readonly prefix: string },
): Promise<void> {
  for (const path of paths) {
    const source = join(dir, path);
    const { size } = await lstat(source);
    const entry = packed.entry({ name: `${prefix}/${path}`, size, mode: 0o600, mtime: TIME });
    await pipeline(createReadStream(source), entry);
  }
  packed.finalize();
}

/** Unpacks an archive into an empty folder; the paths. Throws EVIDENCE_INVALID where it is none, or means harm. */
export async function unpackArchive(file: string, dir: string): Promise<readonly string[]> {
  const paths: string[] = [];
  const unpacked = extract();
  let bytes = 0;
  try {
    const read = pipeline(createReadStream(file), createGunzip(), unpacked);
    const taken = (async () => {
      for await (const entry of unpacked) {
        const { name, type, size } = entry.header;
        bytes += size;
        if (paths.length >= MOST_FILES || bytes > MOST_UNPACKED_BYTES)
          throw new Error("it has too much in it");
        if (type === "directory") {
          entry.resume();
          continue;
        }
        const inside = resolveInside(dir, name);
        if (type !== "file" || !inside.ok)
          throw new Error(`${JSON.stringify(name)} in it is no file below it`);
        await mkdir(dirname(inside.path), { recursive: true, mode: 0o700 });
        await pipeline(entry, createWriteStream(inside.path, { flags: "wx", mode: 0o600 }));
        paths.push(name);
      }
    })();
    await Promise.all([read, taken]);
    return paths;
  } catch (error) {
    throw new HopbookError("EVIDENCE_INVALID", `Cannot read the archive ${file}: ${messageOf(error)}`, {
      where: { file },
      hint: "Name an archive that hopbook share made",
      cause: error,
    });
  }
}
