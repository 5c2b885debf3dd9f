import { LIST_ACTION, parseList, planBundle, planList } from "../capture/index.js";
import { asHopbookError, HopbookError } from "../errors.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { DetachedPlace, DetachedPods, DetachedStore } from "../model/detached.js";
import { DETACHED_LABEL, MANAGED_BY, MANAGED_BY_LABEL, RUN_LABEL, type KubeApi } from "../model/kube.js";
import { enterNodes, workOf } from "../session/action-session.js";
import { apiOf, openSessionIfAny, type Session } from "../session/session.js";
import type { OpenCluster } from "../session/open-cluster.js";
import type { SharedOptions } from "../session/options.js";

export interface RunsOptions extends SharedOptions {
  /** Folder that run folders are made in. */
  readonly out: string;
  /** Only this run: its id, or the beginning of it. */
  readonly run?: string | undefined;
}

/** As a node tells, and where it lies there. */
export interface FoundPlace extends DetachedPlace {
  readonly store: DetachedStore;
}

export interface Asked {
  readonly places: readonly FoundPlace[];
  readonly answered: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/** Nodes that are asked together; of a cluster with an API those alone on which a run left something. */
interface NodeGroup {
  /** null: of whichever runs there are. */
  readonly run: string | null;
  readonly names: ReadonlySet<string>;
}

const ERRAND = { name: "runs", title: "List runs that go on", action: LIST_ACTION };
const LIST_TIMEOUT_MS = 15_000;
const LEASE_MS = 10 * 60_000;
const MAX_BUNDLE_BYTES = 20 * 1024 * 1024;

/**
 * What the nodes of the cluster tell; null where no cluster is named or here. `known` are nodes of the runs in question that
 * are asked even where the API knows of nothing there, by run.
 */
export async function askNodes(
  options: RunsOptions,
  known: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<Asked | null> {
  const session = await openSessionIfAny(options, workOf(ERRAND));
  if (session === null) return null;
  const { workDir } = session.profile;
  const notes: string[] = [];
  const answered = new Set<string>();
  const places = new Map<string, FoundPlace>();
  for (const group of await groupNodes(session, { run: options.run ?? "", known })) {
    await onNodes(session, group, async ({ accesses, unreachable }, { inPod }) => {
      for (const [node, error] of unreachable) notes.push(`${node}: ${error.message}`);
      await Promise.all(
        [...accesses.values()].map(async (access) => {
          try {
            const found = await listOn(access, { workDir, signal: session.signal });
            answered.add(access.node);
            const store = inPod.has(access.node) ? "pod" : "node";
            for (const place of found) places.set(`${place.run} ${place.node}`, { ...place, store });
          } catch (error) {
            notes.push(`${access.node}: ${asHopbookError(error).message}`);
          }
        }),
      );
    });
  }
  return { places: [...places.values()], answered, notes };
}

async function groupNodes(
  session: Session,
  { run: wanted, known }: { readonly run: string; readonly known: ReadonlyMap<string, readonly string[]> },
): Promise<readonly NodeGroup[]> {
  const { profile, signal } = session;
  const direct = profile.nodes.filter(({ access }) => !("kube" in access)).map(({ name }) => name);
  const groups: NodeGroup[] = direct.length === 0 ? [] : [{ run: null, names: new Set(direct) }];
  const api = apiOf(session);
  if (api === null || direct.length === profile.nodes.length) return groups;
  const namespaces = new Set(
    profile.nodes.map(
      ({ access }) => ("namespace" in access ? access.namespace : undefined) ?? api.namespace,
    ),
  );
  const byRun = new Map([...known].map(([run, names]) => [run, new Set(names)] as const));
  for (const namespace of namespaces) {
    for (const { run, node } of await listLeft(api, { namespace, signal })) {
      if (!run.startsWith(wanted)) continue;
      byRun.set(run, (byRun.get(run) ?? new Set()).add(node));
    }
  }
  return [...groups, ...[...byRun].map(([run, names]) => ({ run, names }))];
}

interface Left {
  readonly run: string;
  readonly node: string;
}

interface LeftObject {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly nodeName?: string;
    readonly template?: { readonly spec?: { readonly nodeName?: string } };
  };
}

/** What runs left in the cluster: their pods, and Jobs whose pod is just being replaced. */
async function listLeft(
  api: KubeApi,
  { namespace, signal }: { readonly namespace: string; readonly signal: AbortSignal },
): Promise<readonly Left[]> {
  const labelSelector = `${MANAGED_BY_LABEL}=${MANAGED_BY},${DETACHED_LABEL}=true`;
  const list = { namespace, query: { labelSelector }, signal };
  const [pods, jobs] = await Promise.all([
    api.list<LeftObject>({ group: "", version: "v1", resource: "pods", ...list }),
    api
      .list<LeftObject>({ group: "batch", version: "v1", resource: "jobs", ...list })
      .catch((error: unknown) => {
        if (error instanceof HopbookError && error.code === "KUBE_FORBIDDEN") return [];
        throw error;
      }),
  ]);
  return [...pods, ...jobs].map(({ metadata, spec }) => ({
    run: metadata.labels?.[RUN_LABEL] ?? "",
    node: spec?.nodeName ?? spec?.template?.spec?.nodeName ?? "",
  }));
}

async function listOn(
  access: GuardedAccess,
  { workDir, signal }: { readonly workDir: string; readonly signal: AbortSignal },
): Promise<readonly DetachedPlace[]> {
  const result = await access.exec(planList([workDir]), {
    ...{ action: LIST_ACTION, timeoutMs: LIST_TIMEOUT_MS, signal },
  });
  // A node is what the client calls it, whatever stands in a file there.
  return parseList(result.stdout.toString("utf8")).filter(({ node }) => node === access.node);
}

/** What a node keeps to collect a run by; null where it keeps nothing. */
export async function fetchBundle(
  options: RunsOptions,
  place: { readonly run: string; readonly node: string; readonly stateDir: string },
): Promise<Uint8Array | null> {
  const session = await openSessionIfAny(options, workOf(ERRAND));
  if (session === null) return null;
  const group = { run: place.run, names: new Set([place.node]) };
  return onNodes(session, group, async ({ accesses }) => {
    const access = accesses.get(place.node);
    if (access === undefined) return null;
    const result = await access.exec(planBundle(place.stateDir), {
      ...{ action: LIST_ACTION, timeoutMs: LIST_TIMEOUT_MS, maxOutputBytes: MAX_BUNDLE_BYTES },
      signal: options.signal,
    });
    return result.exitCode === 0 ? result.stdout : null;
  });
}

async function onNodes<T>(
  session: Session,
  { run, names }: NodeGroup,
  body: (cluster: OpenCluster, pods: DetachedPods) => Promise<T>,
): Promise<T> {
  const { nodes, workDir } = session.profile;
  const detached: DetachedPods = { phase: "collect", stay: true, workDir, inPod: new Set<string>() };
  const cluster = await enterNodes(session, ERRAND, {
    ...{ nodes: nodes.filter(({ name }) => names.has(name)), detached },
    ...{ runId: run ?? undefined, leaseMs: LEASE_MS },
  });
  try {
    return await body(cluster, detached);
  } finally {
    await cluster.close();
  }
}
