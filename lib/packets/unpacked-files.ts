import { closeSync, fstatSync } from "node:fs";
import type { Compression } from "./compression.js";
import { unpack, type Unpacked } from "./unpack.js";

/** A capture is read several times: so many are kept that nobody reads at the moment. */
const MOST_KEPT = 16;

interface Kept extends Unpacked {
  readers: number;
}

/** By what tells one state of a file from another. */
const FILES = new Map<string, Kept>();

/** An open file's content, unpacked once for all who read it. `release` says that one of them has ended. */
export function borrowUnpacked(
  packed: number,
  how: { readonly kind: Compression; readonly file: string },
): Unpacked & { release(): void } {
  const { dev, ino, size, mtimeMs, ctimeMs } = fstatSync(packed);
  const key = [dev, ino, size, mtimeMs, ctimeMs].join(":");
  const kept = FILES.get(key) ?? { ...unpack(packed, how), readers: 0 };
  FILES.delete(key);
  FILES.set(key, kept);
  kept.readers++;
  return {
    fd: kept.fd,
    damage: kept.damage,
    release() {
      kept.readers--;
      closeOldest();
    },
  };
}

function closeOldest(): void {
  for (const [key, { fd, readers }] of FILES) {
    if (FILES.size <= MOST_KEPT) return;
    if (readers > 0) continue;
    FILES.delete(key);
    closeSync(fd);
  }
}
