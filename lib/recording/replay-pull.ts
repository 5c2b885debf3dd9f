import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { resolveInside } from "../artifacts/index.js";
import { messageOf } from "../errors.js";
import type { PullResult } from "../model/access.js";
import type { PullEntry } from "./format.js";
import { invalid } from "./read.js";

const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
const PIECE_BYTES = 1024 * 1024;

/** Copies a capture out of a run folder and proves it by size and digest. Throws EVIDENCE_INVALID. */
export async function copyPulled(dir: string, entry: PullEntry, localPath: string): Promise<PullResult> {
  const { file, bytes, sha256 } = entry;
  if (file === null || sha256 === null) throw invalid(dir, entry.path, "it was not kept in the run folder");
  const inside = resolveInside(dir, file);
  if (!inside.ok) throw invalid(dir, file, inside.reason);
  const source = await open(
    inside.path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch((error: unknown) => {
    throw invalid(dir, file, messageOf(error));
  });
  try {
    const info = await source.stat();
    if (!info.isFile()) throw invalid(dir, file, "it is not a regular file");
    if (info.size !== bytes) throw invalid(dir, file, `it has ${info.size} bytes, not ${bytes}`);
    const target = await open(localPath, WRITE, 0o600);
    try {
      const hash = createHash("sha256");
      const piece = Buffer.alloc(PIECE_BYTES);
      for (let at = 0; at < bytes;) {
        const { bytesRead } = await source.read(piece, 0, Math.min(PIECE_BYTES, bytes - at), at);
        if (bytesRead === 0) break;
        const part = piece.subarray(0, bytesRead);
        hash.update(part);
        await target.writeFile(part);
        at += bytesRead;
      }
      const found = hash.digest("hex");
      if (found !== sha256) throw invalid(dir, file, `its digest is ${found}, not ${sha256}`);
      return { bytes, sha256 };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
