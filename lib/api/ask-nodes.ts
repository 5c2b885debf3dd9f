import type { TranscriptEntry } from "../artifacts/index.js";
import { LIST_ACTION, parseList, planBundle, planList } from "../capture/index.js";
import { asHopbookError, type HopbookError } from "../errors.js";
import { openKube } from "../kube/index.js";
import { ALL_VIAS, type NodeAccess } from "../model/access.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { DetachedPlace } from "../model/detached.js";
import { DETACHED_LABEL, MANAGED_BY, MANAGED_BY_LABEL, RUN_LABEL } from "../model/kube.js";
import type { PermissionsSpec } from "../model/permissions.js";
import { askCluster } from "./ask-cluster.js";
import { auditKube } from "./audit-kube.js";
import { authorise } from "./authority.js";
import { openProfileIfAny } from "./cluster-profile.js";
import { openCluster } from "./open-cluster.js";
import type { SharedOptions } from "./options.js";
import { newRunId } from "./plan-frame.js";
import { whoRuns } from "./who-runs.js";

export interface RunsOptions extends SharedOptions {
  /** Folder that run folders are made in. */
  readonly out: string;
  /** Only this run: its id, or the beginning of it. */
  readonly run?: string | undefined;
}

export interface Asked {
  readonly places: readonly DetachedPlace[];
  readonly answered: ReadonlySet<string>;
  readonly notes: readonly string[];
}

const LIST_TIMEOUT_MS = 15_000;
const LEASE_MS = 10 * 60_000;
const MAX_BUNDLE_BYTES = 20 * 1024 * 1024;

/** What the nodes of the cluster tell; null where no cluster is named or here. */
export async function askNodes(options: RunsOptions): Promise<Asked | null> {
  const loaded = await openProfileIfAny(options);
  if (loaded === null) return null;
  const { profile } = await askCluster(loaded, options);
  const notes: string[] = [];
  const answered = new Set<string>();
  const groups = await groupNodes(profile, options);
  const listAll = async (
    accesses: ReadonlyMap<string, NodeAccess>,
    unreachable: ReadonlyMap<string, HopbookError>,
  ): Promise<readonly DetachedPlace[]> => {
    for (const [node, error] of unreachable) notes.push(`${node}: ${error.message}`);
    const lists = await Promise.all(
      [...accesses.values()].map(async (access) => {
        try {
          const found = await listOn(access, { workDir: profile.workDir, signal: options.signal });
          answered.add(access.node);
          return found;
        } catch (error) {
          notes.push(`${access.node}: ${asHopbookError(error).message}`);
          return [];
        }
      }),
    );
    return lists.flat();
  };
  const places = new Map<string, DetachedPlace>();
  for (const group of groups) {
    const found = await onNodes(profile, { ...options, group }, listAll);
    for (const place of found) places.set(`${place.run} ${place.node}`, place);
  }
  return { places: [...places.values()], answered, notes };
}

/** Nodes that are asked together; of a cluster with an API those alone on which a run left a pod. */
interface NodeGroup {
  readonly runId: string;
  readonly nodes: ClusterProfile["nodes"];
}

async function groupNodes(profile: ClusterProfile, { signal }: RunsOptions): Promise<readonly NodeGroup[]> {
  const direct = profile.nodes.filter(({ access }) => !("kube" in access));
  const groups: NodeGroup[] = direct.length === 0 ? [] : [{ runId: newRunId(), nodes: direct }];
  if (profile.kube === undefined || direct.length === profile.nodes.length) return groups;
  const api = openKube(profile.kube);
  const namespaces = new Set(
    profile.nodes.map(
      ({ access }) => ("namespace" in access ? access.namespace : undefined) ?? api.namespace,
    ),
  );
  const byRun = new Map<string, Set<string>>();
  for (const namespace of namespaces) {
    const labelSelector = `${MANAGED_BY_LABEL}=${MANAGED_BY},${DETACHED_LABEL}=true`;
    const pods = await api.list<{
      metadata: { labels?: Record<string, string> };
      spec?: { nodeName?: string };
    }>({ group: "", version: "v1", resource: "pods", namespace, query: { labelSelector }, signal });
    for (const { metadata, spec } of pods) {
      const run = metadata.labels?.[RUN_LABEL] ?? "";
      byRun.set(run, (byRun.get(run) ?? new Set()).add(spec?.nodeName ?? ""));
    }
  }
  for (const [runId, names] of byRun) {
    groups.push({ runId, nodes: profile.nodes.filter(({ name }) => names.has(name)) });
  }
  return groups;
}

async function listOn(
  access: NodeAccess,
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
  const { profile } = await askCluster(loaded, options);
  const group = { runId: place.run, nodes: profile.nodes.filter(({ name }) => name === place.node) };
  return onNodes(profile, { ...options, group }, async (accesses) => {
    const access = accesses.get(place.node);
    if (access === undefined) return null;
    const result = await access.exec(planBundle(place.stateDir), {
      ...{ action: LIST_ACTION, timeoutMs: LIST_TIMEOUT_MS, maxOutputBytes: MAX_BUNDLE_BYTES },
      signal: options.signal,
    });
    return result.exitCode === 0 ? result.stdout : null;
  });
}

const METADATA = { name: "runs", title: "List runs that go on", description: undefined, labels: {} };

async function onNodes<T>(
  profile: ClusterProfile,
  options: RunsOptions & { readonly group: NodeGroup },
  body: (
    accesses: ReadonlyMap<string, NodeAccess>,
    unreachable: ReadonlyMap<string, HopbookError>,
  ) => Promise<T>,
): Promise<T> {
  const permissions = {
    node: { via: ALL_VIAS, select: ["*"], max: Math.max(1, profile.nodes.length) },
    exec: [LIST_ACTION],
  } as PermissionsSpec;
  const { grants, confirm, cwd, signal } = options;
  const authority = await authorise({
    runbook: { metadata: METADATA, permissions },
    ...{ profile, grants, confirm, cwd, isClusterNamed: options.cluster !== undefined },
  });
  const record = (_entry: TranscriptEntry): void => undefined;
  const { runId, nodes } = options.group;
  const cluster = await openCluster(
    { ...profile, nodes },
    {
      ...{ signal, lease: { runId, owner: whoRuns(), durationMs: LEASE_MS } },
      detached: { phase: "collect", stay: true },
      wrap: (access) => authority.wrap(access, record),
      wrapKube: (kube) => auditKube(kube, record),
      isAllowed: (target) => authority.isNodeAllowed(target, record),
    },
  );
  try {
    return await body(cluster.accesses, cluster.unreachable);
  } finally {
    await cluster.close();
  }
}
