import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
// From the files themselves: a person waits for each TAB, and neither the schema validator nor a step kind is needed.
import { findProfile } from "../cluster/profile/find.js";
import { nearestFew } from "../document/nearest.js";
import { readDocument } from "../document/source.js";
import { findRunbook, listRunbookFiles } from "../runbook/find.js";
import type { InputSpec } from "../runbook/types.js";
import { readContexts } from "./kube.js";
import { defaultCacheDir, recallPods } from "./pod-cache.js";
import { runbookDirs } from "../catalogue/places.js";
import { listSchemas } from "../catalogue/schemas.js";

export { rememberPods } from "./pod-cache.js";

/** Something that may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

export interface Surroundings {
  readonly cwd: string;
  readonly home?: string;
  readonly cacheDir?: string;
}

/** What the command line names of its cluster so far. */
export interface NamedCluster {
  readonly cluster?: string | undefined;
  readonly context?: string | undefined;
  readonly kubeconfig?: string | undefined;
}

const MAX_TITLES = 200;
const HEAD_BYTES = 4096;
const MAX_EXTENDS = 10;

/** Runbooks by name, with their titles; none is checked. */
export async function suggestRunbooks({ cwd }: Surroundings): Promise<Candidate[]> {
  const files = [...(await listRunbookFiles(runbookDirs(cwd)))].slice(0, MAX_TITLES);
  return Promise.all(
    files.map(async ([value, file]) => {
      const description = /^\s+title:\s*["']?(.+?)["']?\s*$/m.exec(await readHead(file))?.[1];
      return description === undefined ? { value } : { value, description };
    }),
  );
}

/** Names of runbooks that are near to a word, the nearest first: at most three. */
export async function nearRunbooks(word: string, { cwd }: Surroundings): Promise<readonly string[]> {
  return nearestFew(word, (await listRunbookFiles(runbookDirs(cwd))).keys(), 3);
}

async function readHead(file: string): Promise<string> {
  // A pipe of that name would hold the shell until somebody writes to it.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return "";
  try {
    if (!(await handle.stat()).isFile()) return "";
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return "";
  } finally {
    await handle.close();
  }
}

/** A runbook's inputs as the file and those it extends have them, unchecked; none where it cannot be read. */
export async function peekInputs(
  nameOrFile: string,
  { cwd }: Surroundings,
): Promise<Record<string, InputSpec>> {
  let inputs: Record<string, InputSpec> = {};
  let wanted: string | undefined = nameOrFile;
  try {
    for (let depth = 0; wanted !== undefined && depth < MAX_EXTENDS; depth += 1) {
      const file: string = await findRunbook(wanted, runbookDirs(cwd));
      const data = (await readDocument(file)).data as { inputs?: unknown; extends?: unknown } | null;
      inputs = { ...readInputs(data?.inputs), ...inputs };
      const base = data?.extends;
      if (typeof base !== "string") break;
      wanted = base.startsWith(".") ? join(file, "..", base) : base;
    }
  } catch {
    // What the file says wrong is what `check` is for.
  }
  return inputs;
}

function readInputs(value: unknown): Record<string, InputSpec> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const named = Object.entries(value as Record<string, unknown>).filter(
    (entry): entry is [string, InputSpec] =>
      /^[a-z][A-Za-z0-9]{0,62}$/.test(entry[0]) && typeof (entry[1] as InputSpec | null)?.type === "string",
  );
  return Object.fromEntries(
    named.map(([name, { type, description, items, ...spec }]) => [
      name,
      {
        type,
        ...(typeof spec.default === "boolean" ? { default: spec.default } : {}),
        ...(typeof description === "string" ? { description } : {}),
        ...(Array.isArray(spec.enum) ? { enum: spec.enum } : {}),
        ...(Array.isArray(items?.enum) ? { items: { type: "string", enum: items.enum } } : {}),
      },
    ]),
  );
}

/** Profiles by name, of ~/.config/hopbook/clusters. */
export async function suggestProfiles({ home = homedir() }: Surroundings): Promise<Candidate[]> {
  const names = await readdir(join(home, ".config", "hopbook", "clusters")).catch(() => []);
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => ({ value: name.replace(/\.ya?ml$/, "") }));
}

/** Run folders of ./artifacts, the newest first. */
export async function suggestRunFolders({ cwd }: Surroundings): Promise<Candidate[]> {
  const names = await readdir(join(cwd, "artifacts")).catch(() => []);
  const runs = names.filter((name) => /^\d{4}-\d{2}-\d{2}T/.test(name)).sort();
  return runs.reverse().map((name) => ({ value: `artifacts/${name}` }));
}

/** Contexts of the kubeconfig; the current one is said to be it. */
export async function suggestContexts(
  { kubeconfig }: NamedCluster,
  where: Surroundings,
): Promise<Candidate[]> {
  const { current, contexts } = await readContexts({ ...where, kubeconfig });
  return contexts.map(({ name }) => ({
    value: name,
    ...(name === current ? { description: "current" } : {}),
  }));
}

/** Namespaces of the kubeconfig's contexts, and of the pods that were seen in the cluster within a day. */
export async function suggestNamespaces(named: NamedCluster, where: Surroundings): Promise<Candidate[]> {
  const { contexts } = await readContexts({ ...where, kubeconfig: named.kubeconfig });
  const ends = await suggestEnds(named, where);
  const seen = ends.flatMap(({ value }) => /^([^/]+)\/[^/]+$/.exec(value)?.[1] ?? []);
  const names = [...contexts.flatMap(({ namespace }) => namespace ?? []), ...seen];
  return [...new Set(names.filter((name) => name !== "node"))].sort().map((value) => ({ value }));
}

/**
 * Pods and nodes that a run or `hops` on the same cluster has seen within a day, and the nodes of the profile. It
 * never logs in to anything.
 */
export async function suggestEnds(named: NamedCluster, where: Surroundings): Promise<Candidate[]> {
  const { cwd, home = homedir(), cacheDir = defaultCacheDir() } = where;
  const { cluster, context, kubeconfig } = named;
  try {
    const isContext = context !== undefined || kubeconfig !== undefined;
    const file =
      cluster === undefined && isContext
        ? null
        : await findProfile({ flag: cluster, cwd, home }).catch((error: unknown) => {
            if (cluster !== undefined) throw error;
            return null;
          });
    const data = (file === null ? null : (await readDocument(file)).data) as {
      metadata?: { name?: unknown };
      nodes?: unknown;
    } | null;
    // A context without a profile is a cluster of that name.
    const name =
      file === null
        ? (context ?? (await readContexts({ ...where, kubeconfig })).current)
        : data?.metadata?.name;
    const seen = typeof name === "string" ? await recallPods(name, { dir: cacheDir }) : null;
    const nodes = Array.isArray(data?.nodes)
      ? (data.nodes as ({ name?: unknown } | null)[]).map((node) => node?.name)
      : [];
    const own = nodes.filter((node) => typeof node === "string");
    return [
      ...(seen?.pods ?? []).map((value) => ({ value })),
      ...new Set([...own, ...(seen?.nodes ?? [])]),
    ].map((end) => (typeof end === "string" ? { value: `node/${end}` } : end));
  } catch {
    return [];
  }
}

export async function suggestSchemas(): Promise<Candidate[]> {
  return (await listSchemas()).map((value) => ({ value }));
}
