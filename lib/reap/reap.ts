import { asHopbookError, EXIT, type ExitCode } from "../errors.js";
import { ownerHash, runLabel } from "../kube/index.js";
import type { NodeLeftover } from "../cluster/index.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { KubeApi } from "../model/kube.js";
import type { Confirm, GrantFlags } from "../authority/authority.js";
import type { KubeChoice } from "../session/options.js";
import { listClusterLeftovers, removeClusterLeftover, type ClusterLeftover } from "./cluster-leftovers.js";
import { openNodes, REAP_ERRAND, type OpenNodes } from "./node-leftovers.js";
import { workOf } from "../session/action-session.js";
import { apiOf, openSession } from "../session/session.js";
import { leaseOf } from "../session/ways.js";
import { clearStaleFolders } from "../process/own-folder.js";

export interface ReapOptions {
  readonly cluster?: string | undefined;
  readonly kube?: KubeChoice | undefined;
  readonly cwd: string;
  readonly grants: GrantFlags;
  readonly confirm?: Confirm | undefined;
  readonly signal: AbortSignal;
  /** Also what others left, and what nothing says the owner of. */
  readonly allUsers?: boolean;
  /** Only this run's, and that even while it may be in use. */
  readonly runId?: string | undefined;
  /** Also what may still be in use. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  /** Asked with what would be removed, once; undefined: it is removed. */
  readonly agree?: (items: readonly Leftover[]) => Promise<boolean>;
}

/** One thing that a run of hopbook left, or still uses. */
export interface Leftover {
  /** A node's name; null: in the cluster's API. */
  readonly node: string | null;
  /** pod, job; folder, relay, trace, process. */
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly runId: string;
  /** `user@host` where that is known, else the hash; null where nothing says. */
  readonly owner: string | null;
  readonly mine: boolean;
  /** RFC 3339, UTC; null where nothing says. */
  readonly expiresAt: string | null;
  /** left: nobody looks after it. inUse: it ends by itself when its lease is over. */
  readonly state: "left" | "inUse";
  /** found: it would be removed. spared: not asked for. */
  readonly outcome: "found" | "removed" | "spared" | "failed";
  /** Why it was spared, or could not be removed; null otherwise. */
  readonly reason: string | null;
}

export interface ReapReport {
  readonly items: readonly Leftover[];
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
  readonly exitCode: ExitCode;
}

interface Candidate {
  readonly item: Leftover;
  readonly handle: { readonly object: ClusterLeftover } | { readonly node: string; readonly key: string };
}

const LEASE_MS = 10 * 60_000;

/**
 * Lists what runs left on the nodes and in the cluster, and removes it. What may be in use stays, unless its run is
 * named or `force` is said. Rejects where no cluster is named, or neither its API nor a node answers.
 */
export async function reap(options: ReapOptions): Promise<ReapReport> {
  // `runId` is the run whose leftovers are meant, not this one.
  const opening = { ...options, runId: undefined };
  const session = await openSession(opening, () => Promise.resolve(workOf(REAP_ERRAND)));
  const { profile } = session;
  // What a killed client left on this machine is its own, and nobody's evidence.
  if (options.dryRun !== true) clearStaleFolders();
  const lease = leaseOf(session, { leaseMs: LEASE_MS });
  /** What may not be looked at, and what should have answered. */
  const [unseen, unanswered]: [string[], string[]] = [[], []];
  const api = apiOf(session);
  const inCluster = api === null ? [] : await lookInCluster(api, { profile, options, unseen, unanswered });
  let nodes: OpenNodes | null = null;
  try {
    nodes = await openNodes(session, LEASE_MS);
  } catch (error) {
    const known = asHopbookError(error);
    if (api === null || known.code === "INTERRUPTED") throw known;
    unseen.push(`the nodes: ${known.message}${known.hint === undefined ? "" : `. ${known.hint}`}`);
  }
  try {
    const onNodes = nodes === null ? [] : await lookOnNodes(nodes, { unseen, unanswered });
    const rules = { me: ownerHash(lease.owner), now: api?.nowMs() ?? Date.now(), options };
    const candidates = [
      ...inCluster.filter(({ runId }) => runId !== lease.runId).map((object) => judgeObject(object, rules)),
      ...onNodes.map((found) => judgeOnNode(found, rules)),
    ];
    const wanted = candidates.filter(({ item }) => item.outcome === "found");
    const goes =
      options.dryRun !== true &&
      wanted.length > 0 &&
      (options.agree === undefined || (await options.agree(wanted.map(({ item }) => item))));
    const ended = goes
      ? await removeAll(wanted, { api, nodes, options })
      : new Map<Candidate, string | null>();
    const items = candidates.map((candidate): Leftover => {
      const reason = ended.get(candidate);
      if (reason === undefined) return candidate.item;
      return { ...candidate.item, outcome: reason === null ? "removed" : "failed", reason };
    });
    const failed = unanswered.length > 0 || items.some(({ outcome }) => outcome === "failed");
    unseen.push(...unanswered);
    return { items, unseen, exitCode: failed ? EXIT.incomplete : EXIT.healthy };
  } finally {
    await nodes?.close();
  }
}

async function lookInCluster(
  api: KubeApi,
  given: {
    readonly profile: ClusterProfile;
    readonly options: ReapOptions;
    readonly unseen: string[];
    readonly unanswered: string[];
  },
): Promise<readonly ClusterLeftover[]> {
  const { profile, options, unseen, unanswered } = given;
  const namespaces = new Set([api.namespace]);
  for (const { access } of profile.nodes) {
    if ("namespace" in access && access.namespace !== undefined) namespaces.add(access.namespace);
  }
  try {
    const { signal } = options;
    const { found, unlisted } = await listClusterLeftovers(api, { namespaces: [...namespaces], signal });
    unseen.push(...unlisted);
    return found;
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "INTERRUPTED") throw known;
    unanswered.push(`the cluster's API: ${known.message}`);
    return [];
  }
}

interface OnNode {
  readonly node: string;
  readonly found: NodeLeftover;
}

async function lookOnNodes(
  nodes: OpenNodes,
  { unseen, unanswered }: { readonly unseen: string[]; readonly unanswered: string[] },
): Promise<readonly OnNode[]> {
  const perNode = await nodes.list();
  return [...perNode].flatMap(([node, found]) => {
    if (!(found instanceof Error)) return found.map((each) => ({ node, found: each }));
    // What the operator denies did not fail to answer.
    const isDenied = asHopbookError(found).code === "PERMISSION_DENIED";
    (isDenied ? unseen : unanswered).push(`${node}: ${found.message}`);
    return [];
  });
}

interface Rules {
  readonly me: string;
  /** By the clock of the API server where there is one: leases are read beside it. */
  readonly now: number;
  readonly options: ReapOptions;
}

function judgeObject(object: ClusterLeftover, rules: Rules): Candidate {
  const { kind, namespace, name, runId, ownerHash: hash, owner, expiresAt, ended } = object;
  const left = ended || (expiresAt !== null && expiresAt <= rules.now);
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
  return {
    handle: { object },
    item: decide(
      {
        ...{ node: null, kind, namespace: namespace === "" ? null : namespace, name, runId },
        ...{ owner: owner ?? hash, mine: hash === rules.me, expiresAt: until },
        state: left ? "left" : "inUse",
      },
      until === null ? "in use, nothing says until when" : `in use until ${until}`,
      rules,
    ),
  };
}

function judgeOnNode({ node, found }: OnNode, rules: Rules): Candidate {
  const { kind, item, name, runId, ownerHash: hash, state } = found;
  const until = found.expiresAt === undefined ? null : new Date(found.expiresAt).toISOString();
  const why =
    state === "young"
      ? "it is new, and may be in use"
      : until === null
        ? "in use; it ends by itself without its client"
        : `it waits to be collected until ${until}`;
  return {
    handle: { node, key: item },
    item: decide(
      {
        ...{ node, kind, namespace: null, name, runId, owner: hash, mine: hash === rules.me },
        ...{ expiresAt: until, state: state === "idle" ? "left" : "inUse" },
      },
      why,
      rules,
    ),
  };
}

function decide(item: Omit<Leftover, "outcome" | "reason">, inUse: string, { options }: Rules): Leftover {
  const spared = (reason: string): Leftover => ({ ...item, outcome: "spared", reason });
  const { runId, allUsers, force } = options;
  if (runId !== undefined && item.runId !== runLabel(runId)) return spared("another run's");
  if (!item.mine && allUsers !== true) {
    return spared(
      item.owner === null ? "nothing says whose it is (--all-users)" : "another user's (--all-users)",
    );
  }
  if (item.state === "inUse" && force !== true && runId === undefined) return spared(inUse);
  return { ...item, outcome: "found", reason: null };
}

/** Why not, of each; null where it is gone. */
async function removeAll(
  wanted: readonly Candidate[],
  given: { readonly api: KubeApi | null; readonly nodes: OpenNodes | null; readonly options: ReapOptions },
): Promise<ReadonlyMap<Candidate, string | null>> {
  const { api, nodes, options } = given;
  const ended = new Map<Candidate, string | null>();
  const perNode = new Map<string, string[]>();
  for (const { handle } of wanted) {
    if ("node" in handle) perNode.set(handle.node, [...(perNode.get(handle.node) ?? []), handle.key]);
  }
  const force = options.force === true || options.runId !== undefined;
  const kept =
    nodes === null ? new Map<string, ReadonlyMap<string, string>>() : await nodes.remove(perNode, force);
  await Promise.all(
    wanted.map(async (candidate) => {
      const { handle } = candidate;
      if ("node" in handle) ended.set(candidate, kept.get(handle.node)?.get(handle.key) ?? null);
      else if (api !== null) {
        ended.set(candidate, await removeClusterLeftover(api, handle.object, options.signal));
      }
    }),
  );
  return ended;
}
