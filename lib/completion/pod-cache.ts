import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Pods of a cluster as its nodes listed them, for completion: no one logs in to a node while a person presses TAB. */
interface SeenPods {
  readonly cluster: string;
  /** When they were listed, in milliseconds since 1970. */
  readonly atMs: number;
  /** `namespace/pod`, sorted. */
  readonly pods: readonly string[];
  readonly nodes: readonly string[];
}

const MAX_PODS = 5000;
const MAX_BYTES = 2 * 1024 * 1024;
/** Pods come and go: older lists are not offered. */
const MAX_AGE_MS = 24 * 60 * 60 * 1000;
const POD = /^[0-9a-z][0-9a-z.-]{0,252}\/[0-9a-z][0-9a-z.-]{0,252}$/;
const NODE = /^[0-9A-Za-z][0-9A-Za-z._-]{0,252}$/;

/** $XDG_CACHE_HOME/hopbook, else ~/.cache/hopbook. */
export function defaultCacheDir(): string {
  const { XDG_CACHE_HOME: xdg = "" } = process.env;
  return join(xdg.startsWith("/") ? xdg : join(homedir(), ".cache"), "hopbook");
}

/** Keeps what was seen, for this user only (0600 in a folder of 0700). A cache that cannot be written is none. */
export async function rememberPods(seen: SeenPods, dir = defaultCacheDir()): Promise<void> {
  const file = join(dir, fileOf(seen.cluster));
  const temporary = `${file}.${process.pid}`;
  const { cluster, atMs } = seen;
  const pods = seen.pods.filter((pod) => POD.test(pod)).slice(0, MAX_PODS);
  const nodes = seen.nodes.filter((node) => NODE.test(node)).slice(0, MAX_PODS);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFile(temporary, JSON.stringify({ cluster, atMs, pods, nodes }), { mode: 0o600, flag: "wx" });
    await rename(temporary, file);
    await removeOld(dir, atMs);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Lists that are too old to be offered go, so that clusters that are gone leave nothing. */
async function removeOld(dir: string, nowMs: number): Promise<void> {
  const names = (await readdir(dir)).filter((name) => /^pods-[A-Za-z0-9-]*\.json$/.test(name));
  for (const name of names) {
    const file = join(dir, name);
    const { mtimeMs } = await lstat(file);
    if (nowMs - mtimeMs > MAX_AGE_MS) await rm(file, { force: true });
  }
}

/** null where nothing was seen, where it is too old, or where the file is not one of ours. */
export async function recallPods(
  cluster: string,
  options: { readonly dir?: string; readonly nowMs?: number } = {},
): Promise<SeenPods | null> {
  const { dir = defaultCacheDir(), nowMs = Date.now() } = options;
  try {
    const file = join(dir, fileOf(cluster));
    const info = await stat(file);
    if (!info.isFile() || info.size > MAX_BYTES) return null;
    const seen = JSON.parse(await readFile(file, "utf8")) as Partial<SeenPods>;
    if (seen.cluster !== cluster || typeof seen.atMs !== "number") return null;
    if (nowMs - seen.atMs > MAX_AGE_MS || seen.atMs > nowMs) return null;
    return { cluster, atMs: seen.atMs, pods: listOf(seen.pods, POD), nodes: listOf(seen.nodes, NODE) };
  } catch {
    return null;
  }
}

function listOf(value: unknown, pattern: RegExp): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((item): item is string => typeof item === "string" && pattern.test(item))
    .slice(0, MAX_PODS);
}

/** A cluster's name may hold anything: what is no file name goes into the hash alone. */
function fileOf(cluster: string): string {
  const hash = createHash("sha256").update(cluster).digest("hex").slice(0, 12);
  return `pods-${cluster.replace(/[^A-Za-z0-9-]/g, "").slice(0, 40)}-${hash}.json`;
}
