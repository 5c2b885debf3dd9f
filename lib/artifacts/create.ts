import { mkdir, open, rm, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HopbookError } from "../errors.js";
import { failWrite, openRunFolder } from "./folder.js";
import type { RunFolder } from "./folder.js";
import { makeFolder } from "./make-folder.js";
import { makeTemporaryName } from "./manifest.js";
import { formatFolderTime, makeSafeName } from "./names.js";

/** Runs that start in the same second, for the same pod. */
const MAX_SAME_NAMES = 100;
const DEFAULT_MIN_FREE_BYTES = 1024 * 1024;

interface CreateRunFolderOptions {
  /** The folder that run folders are made in; made if it is not there. */
  readonly out: string;
  readonly runbook: string;
  /** What the run is about, as the user wrote it: `shop/client`. */
  readonly target: string;
  readonly now: Date;
  readonly id: string;
  /** Less free disk than this is refused. Default 1 MiB. */
  readonly minFreeBytes?: number;
}

/**
 * Makes `OUT/2026-11-20T21-44-54Z-trace-path-shop-client` (0700; `-2`, `-3`… where it is taken) and proves
 * that it can be written, so that a run fails before it has touched a node. Throws ARTIFACTS_UNWRITABLE.
 */
export async function createRunFolder(options: CreateRunFolderOptions): Promise<RunFolder> {
  const out = resolve(options.out);
  makeOut(out);
  const name = [
    formatFolderTime(options.now),
    makeSafeName(options.runbook),
    makeSafeName(options.target),
  ].join("-");
  const dir = await makeFreshFolder(out, name);
  try {
    await proveWritable(dir, options.minFreeBytes ?? DEFAULT_MIN_FREE_BYTES);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error instanceof HopbookError ? error : failWrite(dir, error);
  }
  return openRunFolder({
    dir,
    id: options.id,
    runbook: options.runbook,
    target: options.target,
    createdAt: options.now,
  });
}

function makeOut(out: string): void {
  try {
    makeFolder(out);
  } catch (error) {
    throw failWrite(out, error);
  }
}

async function makeFreshFolder(out: string, name: string): Promise<string> {
  for (let count = 1; count <= MAX_SAME_NAMES; count += 1) {
    const dir = join(out, count === 1 ? name : `${name}-${count}`);
    try {
      await mkdir(dir, { mode: 0o700 });
      return dir;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw failWrite(dir, error);
    }
  }
  throw failWrite(join(out, name), `${MAX_SAME_NAMES} folders of that name are there`);
}

/** A folder on a full disk can often still be made: only bytes that arrive are proof. */
async function proveWritable(dir: string, minFreeBytes: number): Promise<void> {
  const probe = join(dir, makeTemporaryName("probe"));
  const file = await open(probe, "wx", 0o600);
  try {
    await file.writeFile(Buffer.alloc(16 * 1024));
    await file.sync();
  } finally {
    await file.close();
  }
  await rm(probe);
  const disk = await statfs(dir);
  const freeBytes = disk.bavail * disk.bsize;
  const tooLittle = `${freeBytes} bytes of disk are free, ${minFreeBytes} are needed`;
  if (freeBytes < minFreeBytes) throw failWrite(dir, Object.assign(new Error(tooLittle), { code: "ENOSPC" }));
}
