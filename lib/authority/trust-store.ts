import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { MadeKey, MadeObjects } from "../model/kube.js";

/**
 * What this user agreed to before, by digest: files without content in `$XDG_STATE_HOME/hopbook/trusted`
 * (`~/.local/state`), where no folder that came from elsewhere has a say.
 */
function storeDir(env: NodeJS.ProcessEnv = process.env): string {
  const state = env["XDG_STATE_HOME"] ?? "";
  return join(isAbsolute(state) ? state : join(homedir(), ".local", "state"), "hopbook", "trusted");
}

/** Of several texts, each told apart from the next; lower-case hex. */
export function digestOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part, "utf8") : part;
    hash.update(`${bytes.byteLength}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** Remembers a digest. Throws what the system says where that cannot be written. */
export async function trustDigest(digest: string): Promise<void> {
  const dir = storeDir();
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (!(await isStoreMine(dir))) throw new Error(`others may write ${dir}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  await (await open(join(dir, digest), flags, 0o600)).close();
}

export async function isTrusted(digest: string): Promise<boolean> {
  const dir = storeDir();
  return (await isStoreMine(dir)) && (await isMineAlone(join(dir, digest), "file"));
}

/** Of the same store, as it is now: what this user made in clusters. */
export const madeObjects: MadeObjects = {
  remember: (key) =>
    trustDigest(digestOfMade(key)).then(
      () => true,
      () => false,
    ),
  isMine: (key) => isTrusted(digestOfMade(key)),
};

function digestOfMade(key: MadeKey): string {
  return digestOf(["made in a cluster", key]);
}

/** The folder above it too: who may write that can put another in its place. */
async function isStoreMine(dir: string): Promise<boolean> {
  return (await isMineAlone(dirname(dir), "folder")) && (await isMineAlone(dir, "folder"));
}

/** No link, and nobody else may write it. */
async function isMineAlone(path: string, what: "file" | "folder"): Promise<boolean> {
  const info = await lstat(path).catch(() => null);
  if (info === null || (what === "file" ? !info.isFile() : !info.isDirectory())) return false;
  return info.uid === process.getuid?.() && (info.mode & 0o022) === 0;
}
