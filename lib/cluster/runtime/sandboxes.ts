import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { Container } from "../../model/cluster.js";
import { listByCrictl, planList, type CrictlOptions } from "./crictl.js";
import { isRuntimeId, showText } from "../names.js";
import { planSources, readSeen, seePodsAfter } from "./sources.js";
import { isKubernetesName, keepNewest, type PodSummary } from "./pod-summary.js";
import { asList, fieldOf, integerOf, parseJson, textEntries, textOf } from "../../linux/json.js";

export type { PodSummary } from "./pod-summary.js";

/**
 * The pods of one node whose sandbox is ready: by crictl, or by what a node without it has (see runtime.ts). Of
 * several sandboxes of one pod the newest is taken. Throws RUNTIME_UNAVAILABLE.
 */
export async function listPods(access: GuardedAccess, options: CrictlOptions = {}): Promise<PodSummary[]> {
  try {
    return parsePods(await listByCrictl(access, "pods", options), access.node);
  } catch (error) {
    if (!(error instanceof HopbookError) || !mayAskElsewhere(error, options)) throw error;
    // What hangs for crictl hangs for the runtime's other clients; processes are there all the same.
    const source = error.code === "COMMAND_TIMEOUT" ? { source: "proc" as const } : {};
    const seen = await seePodsAfter(error, access, { ...options, action: "runtime/pods", ...source });
    return seen.map(({ summary }) => summary);
  }
}

/** Every command that listPods may run on a node. */
export function planListings({ endpoint }: CrictlOptions): readonly Argv[] {
  return [planList("pods", { endpoint }), ...planSources("runtime/pods", endpoint)];
}

/** A runtime that is down does not end its pods, but an endpoint that the operator named is to be put right. */
function mayAskElsewhere(error: HopbookError, { endpoint }: CrictlOptions): boolean {
  const isDown = error.code === "RUNTIME_UNAVAILABLE" || error.code === "COMMAND_TIMEOUT";
  return error.code === "TOOL_MISSING" || (isDown && endpoint === undefined);
}

/** The pods that the answer to a listing names, `namespace/name`; null where the command was no listing. */
export function readListing(argv: Argv, text: string, node: string): string[] | null {
  const seen = readSeen(argv, text, node)?.map(({ summary }) => summary);
  const isCrictl = argv[3] === "hopbook-crictl" && argv[5] === "pods";
  const summaries = seen ?? (isCrictl ? parsePods(text, node) : null);
  return summaries?.map(({ namespace, name }) => `${namespace}/${name}`) ?? null;
}

/** The containers of one node by sandbox id. */
export async function listContainers(
  access: GuardedAccess,
  options: CrictlOptions = {},
): Promise<ReadonlyMap<string, readonly Container[]>> {
  return parseContainers(await listByCrictl(access, "ps", options), access.node);
}

export function parsePods(text: string, node: string): PodSummary[] {
  const summaries = listItems(text, { node, key: "items" }).map((item) => parseSummary(item, node));
  return keepNewest(
    summaries.filter((summary) => summary !== null),
    (summary) => summary,
  );
}

export function parseContainers(text: string, node: string): ReadonlyMap<string, readonly Container[]> {
  const found = new Map<string, Container[]>();
  for (const item of listItems(text, { node, key: "containers" })) {
    const id = textOf(item, "id");
    const sandboxId = textOf(item, "podSandboxId");
    const name = textOf(item, "metadata", "name");
    if (id === null || sandboxId === null || name === null) continue;
    const containers = found.get(sandboxId) ?? [];
    containers.push({ id, name, state: textOf(item, "state") ?? "unknown" });
    found.set(sandboxId, containers);
  }
  return found;
}

function listItems(text: string, where: { readonly node: string; readonly key: string }): readonly unknown[] {
  const value = parseJson(text);
  if (value !== undefined && !Array.isArray(value)) return asList(fieldOf(value, where.key));
  if (value !== undefined && (value as unknown[]).length === 0) return [];
  throw new HopbookError(
    "RUNTIME_UNAVAILABLE",
    `Cannot read crictl's list on ${where.node}: it is no JSON object`,
    {
      where: { node: where.node },
      hint: "run `crictl pods -o json` there and see what it prints",
      detail: showText(text),
    },
  );
}

function parseSummary(item: unknown, node: string): PodSummary | null {
  const state = fieldOf(item, "state");
  if (state !== "SANDBOX_READY" && state !== 0) return null;
  const sandboxId = textOf(item, "id");
  const namespace = textOf(item, "metadata", "namespace");
  const name = textOf(item, "metadata", "name");
  if (sandboxId === null || !isRuntimeId(sandboxId) || namespace === null || name === null) return null;
  if (!isKubernetesName(namespace) || !isKubernetesName(name)) return null;
  const createdAt = fieldOf(item, "createdAt");
  return {
    namespace,
    name,
    node,
    sandboxId,
    uid: textOf(item, "metadata", "uid") ?? "",
    attempt: integerOf(item, "metadata", "attempt") ?? 0,
    createdAtNs: typeof createdAt === "string" && /^[0-9]{1,30}$/.test(createdAt) ? createdAt : "0",
    labels: textEntries(fieldOf(item, "labels")),
  };
}
