import { LIST_ACTION, parseList, planBundle, planList } from "../capture/index.js";
import { asHopbookError, HopbookError } from "../errors.js";
import { openKube } from "../kube/index.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { DetachedPlace, DetachedPods, DetachedStore } from "../model/detached.js";
import { DETACHED_LABEL, MANAGED_BY, MANAGED_BY_LABEL, RUN_LABEL, type KubeApi } from "../model/kube.js";
import type { Grant } from "../permissions/index.js";
import { askCluster } from "../session/ask-cluster.js";
import { openProfileIfAny } from "../session/cluster-profile.js";
import { loadErrandGrant } from "../authority/errand-grant.js";
import { guardKube, refuseDenied } from "../authority/guard-kube.js";
import { enterNodes } from "../session/enter-nodes.js";
import type { OpenCluster } from "../session/open-cluster.js";
import type { SharedOptions } from "../session/options.js";
import { newRunId } from "../session/run-id.js";
import { whoRuns } from "../session/who-runs.js";

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
  const loaded = await openProfileIfAny(options);
  if (loaded === null) return null;
  const grant = await loadErrandGrant(ERRAND.name, loaded.profile, options);
  const { profile } = await askCluster(loaded, { ...options, guard: (kube) => guardKube(kube, grant) });
  const notes: string[] = [];
  const answered = new Set<string>();
  const places = new Map<string, FoundPlace>();
  for (const group of await groupNodes(profile, { options, known, grant })) {
    await onNodes(profile, { options, group }, async ({ accesses, unreachable }, { inPod }) => {
      for (const [node, error] of unreachable) notes.push(`${node}: ${error.message}`);
      await Promise.all(
        [...accesses.values()].map(async (access) => {
          try {
            const found = await listOn(access, { workDir: profile.workDir, signal: options.signal });
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
  profile: ClusterProfile,
  {
    options,
    known,
    grant,
  }: {
    readonly options: RunsOptions;
    readonly known: ReadonlyMap<string, readonly string[]>;
    readonly grant: Grant;
  },
): Promise<readonly NodeGroup[]> {
  const direct = profile.nodes.filter(({ access }) => !("kube" in access)).map(({ name }) => name);
  const groups: NodeGroup[] = direct.length === 0 ? [] : [{ run: null, names: new Set(direct) }];
  if (profile.kube === undefined || direct.length === profile.nodes.length) return groups;
  const api = refuseDenied(openKube(profile.kube), grant);
  const namespaces = new Set(
    profile.nodes.map(
      ({ access }) => ("namespace" in access ? access.namespace : undefined) ?? api.namespace,
    ),
  );
  const byRun = new Map([...known].map(([run, names]) => [run, new Set(names)] as const));
  for (const namespace of namespaces) {
    for (const { run, node } of await listLeft(api, { namespace, signal: options.signal })) {
      if (!run.startsWith(options.run ?? "")) continue;
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
  const loaded = await openProfileIfAny(options);
  if (loaded === null) return null;
  const grant = await loadErrandGrant(ERRAND.name, loaded.profile, options);
  const { profile } = await askCluster(loaded, { ...options, guard: (kube) => guardKube(kube, grant) });
  const group = { run: place.run, names: new Set([place.node]) };
  return onNodes(profile, { options, group }, async ({ accesses }) => {
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
  profile: ClusterProfile,
  { options, group }: { readonly options: RunsOptions; readonly group: NodeGroup },
  body: (cluster: OpenCluster, pods: DetachedPods) => Promise<T>,
): Promise<T> {
  const nodes = profile.nodes.filter(({ name }) => group.names.has(name));
  const pods: DetachedPods = {
    ...{ phase: "collect", stay: true, workDir: profile.workDir, inPod: new Set<string>() },
  };
  const { grants, confirm, cwd, signal } = options;
  const cluster = await enterNodes({ ...profile, nodes }, ERRAND, {
    ...{ grants, confirm, cwd, signal, isClusterNamed: options.cluster !== undefined, detached: pods },
    lease: { runId: group.run ?? newRunId(), owner: whoRuns(), durationMs: LEASE_MS },
  });
  try {
    return await body(cluster, pods);
  } finally {
    await cluster.close();
  }
}
