import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { listFolder, makeSafeName, MANIFEST_FILE, readRunJson, resolveInside } from "../artifacts/index.js";
import { digestOf } from "../authority/trust-store.js";
import { makeFolder as makeParents } from "../artifacts/make-folder.js";
import { HopbookError, messageOf } from "../errors.js";
import type { DetachedFile } from "../model/detached.js";
import { isTargetName } from "../model/names.js";

/** Marks the folder of a run that goes on without its client. */
export const DETACHED_FILE = "detached.json";

/** Compressed; a node keeps it beside the captures. */
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

interface Bundle {
  readonly version: 1;
  /** Base64, by path relative to the run's folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** A run's folder as it is when its client leaves, as bytes. */
export async function packFolder(dir: string): Promise<Buffer> {
  const files: Record<string, string> = {};
  for (const path of [...(await listFolder(dir)).files, MANIFEST_FILE]) {
    files[path] = (await readFile(join(dir, path))).toString("base64");
  }
  const bytes = await promisify(gzip)(JSON.stringify({ version: 1, files } satisfies Bundle));
  if (bytes.length <= MAX_BUNDLE_BYTES) return bytes;
  throw new HopbookError(
    "ARTIFACTS_UNWRITABLE",
    `Cannot leave the run: what it found so far takes ${bytes.length} bytes, and nodes keep ${MAX_BUNDLE_BYTES}`,
    { hint: "Run it without --detach, or with fewer steps before its captures" },
  );
}

/** Of all that says what is to run when the run is collected. */
export async function digestFolder(dir: string): Promise<string> {
  const names = ["runbook.yaml", "inputs.json", DETACHED_FILE];
  return digestOf(await Promise.all(names.map((name) => readFile(join(dir, name)))));
}

/**
 * Makes the folder of a run again, from bytes that a node gave. Throws EVIDENCE_INVALID where they are none of ours, or
 * those of another run.
 */
export async function unpackFolder(
  bytes: Uint8Array,
  { out, run }: { readonly out: string; readonly run: string },
): Promise<string> {
  let files: Readonly<Record<string, string>>;
  let folder: string;
  try {
    const text = await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
    const bundle = JSON.parse(text.toString("utf8")) as Bundle;
    ({ files } = bundle);
    const about = JSON.parse(
      Buffer.from(files[DETACHED_FILE] ?? "", "base64").toString("utf8"),
    ) as DetachedFile;
    if (about.about.run !== run)
      throw new Error(`it says that it is ${JSON.stringify(about.about.run)}, not ${run}`);
    folder = makeSafeName(about.folder);
  } catch (cause) {
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot collect: what the node kept is no run: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  const dir = await makeFolder(resolve(out), folder);
  for (const [path, base64] of Object.entries(files)) {
    const inside = resolveInside(dir, path);
    if (!inside.ok) throw new HopbookError("EVIDENCE_INVALID", `Cannot write ${path}: ${inside.reason}`);
    await mkdir(dirname(inside.path), { recursive: true, mode: 0o700 });
    await writeFile(inside.path, Buffer.from(base64, "base64"), { mode: 0o600, flag: "wx" });
  }
  return dir;
}

async function makeFolder(out: string, name: string): Promise<string> {
  makeParents(out);
  for (let count = 1; count < 100; count += 1) {
    const dir = join(out, count === 1 ? name : `${name}-${count}`);
    if (existsSync(dir)) continue;
    await mkdir(dir, { mode: 0o700 });
    return dir;
  }
  throw new HopbookError(
    "ARTIFACTS_UNWRITABLE",
    `Cannot write ${join(out, name)}: 100 folders of that name are there`,
  );
}

export interface LocalRun {
  readonly dir: string;
  readonly file: DetachedFile;
  /** It has a verdict: somebody collected it, and did not get to the end of clearing up. */
  readonly isCollected: boolean;
}

/** Folders of runs that go on, or went on, without their client. */
export async function listLocalRuns(out: string): Promise<readonly LocalRun[]> {
  const names = await readdir(out).catch(() => []);
  const runs: LocalRun[] = [];
  for (const name of names.sort()) {
    const dir = join(resolve(out), name);
    const info = await lstat(join(dir, DETACHED_FILE)).catch(() => null);
    if (info?.isFile() !== true) continue;
    runs.push({ dir, file: await readDetached(dir), isCollected: existsSync(join(dir, "findings.json")) });
  }
  return runs;
}

/** detached.json of a folder. Throws EVIDENCE_INVALID. */
export async function readDetached(dir: string): Promise<DetachedFile> {
  const value = (await readRunJson(dir, DETACHED_FILE)) as Partial<DetachedFile> | null;
  const isWhole =
    value?.kind === "DetachedRun" &&
    typeof value.about?.run === "string" &&
    Array.isArray(value.nodes) &&
    value.nodes.every((node: { name?: unknown }) => isTargetName(String(node.name))) &&
    typeof value.startedAt === "string" &&
    isSnapshot(value.snapshot);
  if (isWhole) return value as DetachedFile;
  throw new HopbookError(
    "EVIDENCE_INVALID",
    `Cannot read ${join(dir, DETACHED_FILE)}: it is no detached run`,
  );
}

/** As takeSnapshot makes it, as far as it is walked when the run is taken up. */
function isSnapshot(value: unknown): boolean {
  const { ended, outputs, plans, incomplete, issued, again } = Object(value) as Record<string, unknown>;
  const isText = (item: unknown): boolean => typeof item === "string";
  return (
    [ended, outputs, plans].every((map) => typeof map === "object" && map !== null && !Array.isArray(map)) &&
    [incomplete, issued, again].every((list) => Array.isArray(list) && list.every(isText))
  );
}

/** The folder of a run that was collected: it has its id and no mark any more; null where there is none. */
export async function findCollected(out: string, id: string): Promise<string | null> {
  for (const name of await readdir(out).catch(() => [])) {
    const dir = join(resolve(out), name);
    if ((await idInManifest(dir)) === id && !existsSync(join(dir, DETACHED_FILE))) return dir;
  }
  return null;
}

/** The same, with the id of a run whose folder was named in its place, which is looked for beside it. */
export async function nameByFolder<
  O extends { readonly run: string; readonly out: string; readonly cwd: string },
>(options: O): Promise<O> {
  const dir = resolve(options.cwd, options.run);
  const out = dirname(dir);
  if (existsSync(join(dir, DETACHED_FILE)))
    return { ...options, run: (await readDetached(dir)).about.run, out };
  const id = existsSync(join(dir, MANIFEST_FILE)) ? await idInManifest(dir) : undefined;
  return typeof id === "string" ? { ...options, run: id, out } : options;
}

async function idInManifest(dir: string): Promise<unknown> {
  const manifest = (await readRunJson(dir, MANIFEST_FILE).catch(() => null)) as {
    run?: { id?: unknown };
  } | null;
  return manifest?.run?.id;
}
