import { readSync } from "node:fs";
import * as zlib from "node:zlib";
import { HopbookError } from "../errors.js";

/** How a file may be packed, by the bytes it begins with (RFC 1952, RFC 8878). */
export type Compression = "gzip" | "zstd";

const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
];

/** null where the file is not packed. */
export function compressionOf(fd: number): Compression | null {
  const first = new Uint8Array(4);
  const filled = readSync(fd, first, 0, first.length, 0);
  const found = MAGICS.find(
    ([, magic]) => filled >= magic.length && magic.every((byte, at) => first[at] === byte),
  );
  return found?.[0] ?? null;
}

/** What unpacks `file`, as a stream. Throws EVIDENCE_INVALID where this Node cannot: zstd came with 22.15 and 23.8. */
export function decompressorOf(
  kind: Compression,
  { file, from = zlib }: { readonly file: string; readonly from?: object },
): () => NodeJS.ReadWriteStream {
  if (kind === "gzip") return () => zlib.createGunzip();
  const make: unknown = Reflect.get(from, "createZstdDecompress");
  if (isMaker(make)) return make;
  throw new HopbookError(
    "EVIDENCE_INVALID",
    `Cannot read capture ${file}: it is packed with ${kind}, which Node ${process.versions.node} cannot unpack`,
    { where: { file }, hint: `Unpack it with ${kind} -d first, or run hopbook with Node 22.15 or later` },
  );
}

function isMaker(value: unknown): value is () => NodeJS.ReadWriteStream {
  return typeof value === "function";
}
