import { HopbookError } from "../errors.js";
import type { NodeAccess } from "../model/access.js";
import type { Container } from "../model/cluster.js";
import { listByCrictl, type CrictlOptions } from "./crictl.js";
import { asList, asRecord, fieldOf, integerOf, parseJson, textOf } from "./json.js";
import { isRuntimeId, showText } from "./names.js";

/** A pod as `crictl pods` lists it: what is known without an inspection. */
export interface PodSummary {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly sandboxId: string;
  readonly attempt: number;
  /** Unix nanoseconds as text; "0" where the runtime does not say. */
  readonly createdAtNs: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The pods of one node whose sandbox is ready. Of several sandboxes of one pod the newest is taken.
 * Throws TOOL_MISSING (no crictl) or RUNTIME_UNAVAILABLE.
 */
export async function listPods(access: NodeAccess, options: CrictlOptions = {}): Promise<PodSummary[]> {
  return parsePods(await listByCrictl(access, "pods", options), access.node);
}

/** The containers of one node by sandbox id. */
export async function listContainers(
  access: NodeAccess,
  options: CrictlOptions = {},
): Promise<ReadonlyMap<string, readonly Container[]>> {
  return parseContainers(await listByCrictl(access, "ps", options), access.node);
}

export function parsePods(text: string, node: string): PodSummary[] {
  const newest = new Map<string, PodSummary>();
  for (const item of listItems(text, { node, key: "items" })) {
    const sandbox = parseSummary(item, node);
    if (sandbox === null) continue;
    const key = `${sandbox.namespace}/${sandbox.name}/${sandbox.uid}`;
    const known = newest.get(key);
    if (known === undefined || isNewer(sandbox, known)) newest.set(key, sandbox);
  }
  return [...newest.values()];
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

/** RFC 1123 subdomain, as the API server lets through: anything else is not a pod of Kubernetes. */
function isKubernetesName(name: string): boolean {
  return /^[0-9a-z]([0-9a-z.-]{0,251}[0-9a-z])?$/.test(name);
}

export function textEntries(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(asRecord(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function isNewer(a: PodSummary, b: PodSummary): boolean {
  if (a.attempt !== b.attempt) return a.attempt > b.attempt;
  return BigInt(a.createdAtNs) > BigInt(b.createdAtNs);
}
