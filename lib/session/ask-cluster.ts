import type { TranscriptEntry } from "../artifacts/index.js";
import {
  chooseAccess,
  findEndPods,
  listKubeNodes,
  withKubeFacts,
  type KubePod,
  type ListedNode,
  type LoadedCluster,
  type NamedEnds,
  type PendingAccess,
} from "../cluster/index.js";
import { asHopbookError, HopbookError } from "../errors.js";
import { POD_VIAS, type NodeTarget } from "../model/access.js";
import type { AccessChoice, ClusterProfile } from "../model/cluster.js";
import type { KubeReader, OpenKube } from "../model/kube.js";
import { noteUnwarmed } from "./access-flags.js";
import { auditKube } from "./audit-kube.js";
import { findProgram } from "./find-program.js";
import { buildTrialPod } from "./trial-pod.js";

interface AskedCluster {
  readonly profile: ClusterProfile;
  /** What is worth a word. */
  readonly notes: readonly string[];
  /** What the API was asked, for the transcript. */
  readonly asked: readonly TranscriptEntry[];
}

interface AskClusterOptions {
  readonly openKube: OpenKube;
  /** Ends that the runbook names: their pods are the ones to enter where no node can be. */
  readonly ends?: NamedEnds;
  readonly signal: AbortSignal;
  /** Puts what is denied in front of the API. */
  readonly guard?: (kube: KubeReader) => KubeReader;
}

/** An API that does not answer within this is told to be down. */
const FIRST_ANSWER_MS = 4000;

/**
 * A profile made whole: its nodes as the cluster's API has them, and a way in for each. Where the API is out of reach
 * and the profile says itself how to log in to its nodes, that is enough, and a note says so.
 */
export async function askCluster(
  { profile, pending }: LoadedCluster,
  options: AskClusterOptions,
): Promise<AskedCluster> {
  if (profile.kube === undefined || pending === undefined) return { profile, notes: [], asked: [] };
  const asked: TranscriptEntry[] = [];
  const { guard = (kube) => kube, signal } = options;
  const api = options.openKube(profile.kube);
  const kube = guard(auditKube(api, (entry) => asked.push(entry)));
  const notes: string[] = [];
  const known = new Map(profile.nodes.map((node) => [node.name, node]));
  let nodes: readonly ListedNode[];
  try {
    nodes = await listOrKnown(kube, { signal, known: [...known.keys()], note: (text) => notes.push(text) });
  } catch (error) {
    const failure = asHopbookError(error);
    const isSettled = known.size > 0 && [...known.keys()].every((name) => pending.viaOf(name) !== "auto");
    if (!isSettled || failure.code !== "KUBE_UNREACHABLE") throw failure;
    const alone: { -readonly [Key in keyof ClusterProfile]: ClusterProfile[Key] } = { ...profile };
    delete alone.kube;
    return { profile: alone, notes: [`the cluster's API is left out: ${failure.message}`], asked };
  }
  const pods = await findEndPods(options.ends ?? { paths: [], others: [] }, {
    ...{ kube, signal, endNamespace: profile.endNamespace },
  });
  const wanted = withListed(nodes, { known, pods });
  const { targets, choices } = await chooseWays(wanted, { kube, pending, pods, signal });
  notes.push(...noteUnwarmed(targets, pending));
  return {
    profile: {
      ...profile,
      // What is current may be another context in a moment; the run stays with this one.
      kube: { ...profile.kube, context: api.context, namespace: api.namespace },
      api: { context: api.context, server: api.server, user: api.user },
      nodes: targets,
      ...(choices.length > 0 ? { choices } : {}),
    },
    notes,
    asked,
  };
}

/** The nodes of the API; those that the profile lists where they may not be listed. */
async function listOrKnown(
  kube: KubeReader,
  options: {
    readonly known: readonly string[];
    readonly signal: AbortSignal;
    readonly note: (text: string) => void;
  },
): Promise<readonly ListedNode[]> {
  const { known, signal, note } = options;
  try {
    return await listKubeNodes(kube, { timeoutMs: FIRST_ANSWER_MS, signal });
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code !== "KUBE_FORBIDDEN") throw failure;
    note(`the nodes may not be listed: ${failure.message}`);
    return known.map((name) => ({ name }));
  }
}

/** What the profile lists is all there is; where it lists none, the nodes of the pods count even if none may be listed. */
function withListed(
  nodes: readonly ListedNode[],
  { known, pods }: { readonly known: ReadonlyMap<string, ListedNode>; readonly pods: readonly KubePod[] },
): readonly ListedNode[] {
  if (known.size > 0) return withKubeFacts(known.values(), nodes);
  const found = new Map(nodes.map((node) => [node.name, node]));
  for (const { node } of pods) if (node !== null && !found.has(node)) found.set(node, { name: node });
  return [...found.values()];
}

async function chooseWays(
  nodes: readonly ListedNode[],
  {
    kube,
    pending,
    pods,
    signal,
  }: {
    readonly kube: KubeReader;
    readonly pending: PendingAccess;
    readonly pods: readonly KubePod[];
    readonly signal: AbortSignal;
  },
): Promise<{ readonly targets: readonly NodeTarget[]; readonly choices: readonly AccessChoice[] }> {
  const vias = nodes.map(({ name }) => pending.viaOf(name));
  // A way into pods is the ends' own, and what may be done in them is for the API to say.
  const isSettled = vias.every((via) => via !== "auto" && !POD_VIAS.includes(via));
  if (nodes.length > 0 && isSettled) {
    const targets = nodes.map((node, index): NodeTarget => {
      const via = vias[index] ?? "auto";
      if (via === "auto") throw new HopbookError("INTERNAL", "A way in is settled and open at once");
      return { ...node, access: pending.configOf(node.name, via) };
    });
    return { targets, choices: [] };
  }
  const ends = pods.map(({ namespace, name, node }) => ({ namespace, name, node }));
  const programs = { kubectl: findProgram("kubectl"), oc: findProgram("oc") };
  return chooseAccess({
    api: kube,
    wishes: pending,
    nodes,
    ends,
    programs,
    signal,
    manifestOf: buildTrialPod,
  });
}
