import { existsSync } from "node:fs";
import type { TranscriptEntry } from "../artifacts/index.js";
import type { Authority, Confirm, GrantFlags } from "../authority/authority.js";
import type { RunbookPart } from "../authority/bound-grant.js";
import { guardKube, refuseDenied } from "../authority/guard-kube.js";
import { loadGrant, regardNodes, type LoadedGrant } from "../authority/load-grant.js";
import { RECIPE_DIR } from "../catalogue/places.js";
import type { LoadedCluster, NamedEnds } from "../cluster/index.js";
import { shareKube } from "../kube/index.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { KubeApi, KubeReader, OpenKube } from "../model/kube.js";
import type { Runbook } from "../runbook/index.js";
import { askCluster } from "./ask-cluster.js";
import { openProfile, openProfileIfAny, type ClusterChoice } from "./cluster-profile.js";
import type { SharedOptions } from "./options.js";
import { newRunId } from "./run-id.js";

interface SessionOptions
  extends
    ClusterChoice,
    Partial<Pick<SharedOptions, "confirm" | "onEvent" | "onPods" | "leaseMs" | "command">> {
  readonly grants: GrantFlags;
  readonly signal: AbortSignal;
  /** 12 hex digits. Default: new ones. */
  readonly runId?: string | undefined;
}

/** What a session is for, whole and valid, as far as that can be said without the cluster's API. */
export interface Work {
  /** A command that is no runbook declares what it does as one would. */
  readonly runbook: Pick<Runbook, "metadata" | "permissions">;
  /** Files that it comes from. */
  readonly sourceFiles: readonly string[];
  /** Those of them that the cluster profile lays over it. */
  readonly overlayFiles: readonly string[];
  /** What it is made of, but for those; none: it is a command of hopbook's own. */
  readonly parts: readonly RunbookPart[];
  /** Ends that it names: their pods are the ones to enter where no node can be. */
  readonly ends?: NamedEnds;
  /** false: the nodes and the ways in are left as the profile has them. */
  readonly asksApi?: boolean;
}

/** All that is settled before a node is touched, once; nobody reads a flag, a profile or a grant again. */
export interface Session {
  /** Of the run; what is made for it carries it. */
  readonly id: string;
  readonly cwd: string;
  /** As it was named; undefined: not at all. */
  readonly namedCluster: string | undefined;
  /** Who runs it named the cluster, so that its grants hold. */
  readonly isClusterNamed: boolean;
  /** As the profile has it. */
  readonly cluster: LoadedCluster;
  /** With the nodes as the API has them, and a way in for each. */
  readonly profile: ClusterProfile;
  /** Where hop recipes are looked for; of one name the later folder's is taken. */
  readonly recipeDirs: readonly string[];
  /** What was found out about the cluster before anybody was asked, and is worth a word. */
  readonly notes: readonly string[];
  /** What the cluster's API was asked for that, for the transcript. */
  readonly asked: readonly TranscriptEntry[];
  /** Opens the cluster's API: one client, and one run of a plugin for credentials, for all of the session. */
  readonly openKube: OpenKube;
  /** What is granted and denied before anybody is asked. */
  readonly granted: LoadedGrant;
  /** The API, of which nothing is asked that is denied, and what comes back of it trimmed. */
  readonly guard: (kube: KubeReader) => KubeReader;
  /** Asks the person for all that is not granted yet; undefined: nobody can be asked. */
  readonly confirm: Confirm | undefined;
  readonly signal: AbortSignal;
  readonly onEvent: SharedOptions["onEvent"];
  readonly onPods: SharedOptions["onPods"];
  /** In place of what the runbook's own limits come to. */
  readonly leaseMs: number | undefined;
  /** The words by which it was started; undefined: by a program. */
  readonly command: readonly string[] | undefined;
}

/** A session of which it is settled what it may do. */
export type Permitted<S extends Session = Session> = S & { readonly authority: Authority };

/**
 * Settles everything once: the profile with its overlays, what is to be done, the grants, the nodes as the cluster's
 * API has them, the ways in, the recipes. Everything that can be wrong before a node is touched, and before anybody is
 * asked, is found here.
 */
export async function openSession<W extends Work>(
  options: SessionOptions,
  prepare: (cluster: LoadedCluster | null) => Promise<W>,
): Promise<Session & W> {
  // Its overlays have a say in the runbook; that there is none is the last thing to complain of.
  const sharing = { ...options, openKube: options.openKube ?? shareKube() };
  const known = await openProfileIfAny(sharing);
  const work = await prepare(known);
  return settleSession(sharing, { cluster: known ?? (await openProfile(sharing)), work });
}

/** The same; null where no cluster is named and none is here. */
export async function openSessionIfAny(options: SessionOptions, work: Work): Promise<Session | null> {
  const sharing = { ...options, openKube: options.openKube ?? shareKube() };
  const cluster = await openProfileIfAny(sharing);
  return cluster === null ? null : settleSession(sharing, { cluster, work });
}

/** The same for a cluster that is found already. */
export async function settleSession<W extends Work>(
  options: SessionOptions,
  { cluster, work }: { readonly cluster: LoadedCluster; readonly work: W },
): Promise<Session & W> {
  const { cwd, signal, confirm, onPods, leaseMs, command, onEvent = () => undefined } = options;
  const { openKube = shareKube() } = options;
  const isClusterNamed = options.isClusterNamed ?? options.cluster !== undefined;
  const { sourceFiles, overlayFiles, parts, ends } = work;
  const granted = await loadGrant({
    ...{ flags: options.grants, profile: cluster.profile, runbook: work.runbook.metadata.name },
    ...{ cwd, sourceFiles, overlayFiles, parts, isClusterNamed },
  });
  const guard = (kube: KubeReader): KubeReader => guardKube(kube, granted.grant);
  const { profile, notes, asked } =
    work.asksApi === false
      ? { profile: cluster.profile, notes: [], asked: [] }
      : await askCluster(cluster, { openKube, signal, guard, ...(ends === undefined ? {} : { ends }) });
  const { recipes } = cluster.dirs;
  return Object.freeze({
    ...work,
    ...{
      id: options.runId ?? newRunId(),
      cwd,
      namedCluster: options.cluster,
      isClusterNamed,
      cluster,
      profile,
    },
    recipeDirs: [RECIPE_DIR, ...(recipes !== undefined && existsSync(recipes) ? [recipes] : [])],
    ...{ notes, asked, openKube, granted: regardNodes(granted, { profile, isClusterNamed }), guard },
    ...{ confirm, signal, onEvent, onPods, leaseMs, command },
  });
}

/** The cluster's API, of which nothing is asked that is denied; null where there is none. */
export function apiOf({ profile, granted, openKube }: Session): KubeApi | null {
  const ofNode = profile.nodes.map(({ access }) => ("kube" in access ? access.kube : undefined));
  const ref = profile.kube ?? ofNode.find((kube) => kube !== undefined);
  return ref === undefined ? null : refuseDenied(openKube(ref), granted.grant);
}
