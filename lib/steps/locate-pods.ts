import pMap from "p-map";
import {
  choosePods,
  gatherFacts,
  inspectPodsOfNode,
  listPods,
  loadNamings,
  selectPods,
  type ClusterFacts,
  type PodChoice,
  type SelectedPod,
} from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import { loadRecipes, readInsideOfPods, readPodInterfaces, type PodWithInterfaces } from "../hops/index.js";
import type { Pod } from "../model/cluster.js";
import { toCaptureOn } from "./shared/check-nodes.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { NodeTarget } from "../model/access.js";
import type { StepContext } from "../model/steps.js";

/** Which pods are meant. */
interface PodWishes extends PodChoice {
  /** Texts as selectPods takes them. */
  readonly pods: readonly string[];
  /** Only those on these nodes; empty: on any. */
  readonly nodes?: readonly string[] | undefined;
  /** Asks every method for the host's end of each interface. */
  readonly everyMethod?: boolean | undefined;
}

/** A pod that was found, on its node or, where that cannot be entered, alone. */
export interface FoundPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** The way in of its own, where the pod alone can be entered: nothing is known but that. */
  readonly target?: string;
  /** null: the pod alone can be entered. */
  readonly found: PodWithInterfaces | null;
  /** The texts by which it was found. */
  readonly by: readonly string[];
}

const PARALLEL_NODES = 16;
type Locating = Pick<StepContext, "profile" | "unreachable" | "kube" | "recipeDirs" | "signal" | "note">;

/** Finds pods and what their nodes say of them. One that is gone meanwhile is left out with a word; none at all throws. */
export async function locatePods(
  wishes: PodWishes,
  context: Locating & Pick<StepContext, "accesses">,
): Promise<readonly FoundPod[]> {
  const facts = await factsOf(context);
  const { signal } = context;
  const note = (text: string): void => context.note("info", text);
  const selected = await selectPods(wishes.pods, facts, { signal, note });
  const { nodes = [] } = wishes;
  const there = nodes.length === 0 ? selected : selected.filter(({ node }) => nodes.includes(node ?? ""));
  if (there.length === 0) {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot find pods on ${nodes.join(", ")}: ${selected.length} fit, on other nodes`,
      {
        detail: selected
          .slice(0, 20)
          .map((pod) => `${pod.namespace}/${pod.name} on ${pod.node ?? "no node"}`)
          .join("\n"),
      },
    );
  }
  const chosen = choosePods(there, wishes);
  if (chosen.length < there.length) note(`${chosen.length} of ${there.length} pods are taken`);
  const alone = chosen.flatMap((pod) => enterAlone(pod, context) ?? []);
  const onNodes = chosen.filter((pod) => enterAlone(pod, context) === null);
  const byNode = new Map<string, SelectedPod[]>();
  for (const pod of onNodes) byNode.set(pod.node ?? "", [...(byNode.get(pod.node ?? "") ?? []), pod]);
  const lists = await pMap(
    [...byNode],
    async ([node, pods]) => {
      const recipes = await loadRecipes(context.recipeDirs);
      const { everyMethod } = wishes;
      return locateOnNode(node, pods, {
        access: accessOf(node, facts),
        context,
        read: (access, running) =>
          readPodInterfaces(access, running, { profile: context.profile, recipes, everyMethod, signal }),
      });
    },
    {
      concurrency: PARALLEL_NODES,
    },
  );
  const found = [...alone, ...lists.flat()];
  if (found.length === 0) {
    throw new HopbookError("TARGET_NOT_FOUND", "Cannot find the pods: each has ended meanwhile", {
      hint: "Run it again: the pods were replaced or deleted",
    });
  }
  const order = new Map(chosen.map((pod, index) => [`${pod.namespace}/${pod.name}`, index]));
  const placeOf = ({ namespace, name }: FoundPod): number => order.get(`${namespace}/${name}`) ?? 0;
  return found.sort((a, b) => placeOf(a) - placeOf(b));
}

/** What is where by now. */
export async function factsOf(context: Locating & Pick<StepContext, "accesses">): Promise<ClusterFacts> {
  const { profile, accesses, unreachable, kube, recipeDirs, signal } = context;
  return gatherFacts(profile, accesses, {
    ...{ unreachable, kube, signal },
    namings: await loadNamings(recipeDirs),
  });
}

/** A pod into which there is a way of its own, and none into its node. */
function enterAlone(
  pod: SelectedPod,
  {
    profile,
    accesses,
  }: { readonly profile: { readonly nodes: readonly NodeTarget[] } } & Pick<StepContext, "accesses">,
): FoundPod | null {
  const name = `${pod.namespace}/${pod.name}`;
  const target = profile.nodes.find((node) => node.pod === name)?.name;
  if (target === undefined || !accesses.has(target)) return null;
  const { namespace, by } = pod;
  return { namespace, name: pod.name, node: pod.node ?? target, target, found: null, by };
}

/**
 * Pods of one node that were just selected, for their captures: where each is, and the devices within it. Nothing is asked
 * again, and nothing of the host's side. One that is gone meanwhile is left out with a word.
 */
export async function locateToCapture(
  node: string,
  pods: readonly SelectedPod[],
  context: Locating & Pick<StepContext, "accesses">,
): Promise<readonly FoundPod[]> {
  const { signal } = context;
  const found = await locateOnNode(node, pods, {
    access: toCaptureOn(node, context),
    context,
    read: (access, running) => readInsideOfPods(access, running, { signal }),
  });
  if (found.length > 0) return found;
  throw new HopbookError("TARGET_NOT_FOUND", "Cannot find the pods: each has ended meanwhile");
}

interface Asking {
  readonly access: GuardedAccess;
  readonly context: Locating;
  readonly read: (access: GuardedAccess, running: readonly Pod[]) => Promise<readonly PodWithInterfaces[]>;
}

async function locateOnNode(
  node: string,
  pods: readonly SelectedPod[],
  { access, context, read }: Asking,
): Promise<readonly FoundPod[]> {
  const { profile, signal } = context;
  const options = { endpoint: profile.runtimeEndpoint, signal };
  const listed = pods.every(({ summary }) => summary !== null) ? [] : await listPods(access, options);
  const known = pods.flatMap((pod) => {
    const same = listed.filter(({ namespace, name }) => namespace === pod.namespace && name === pod.name);
    const summary = pod.summary ?? same.find(({ uid }) => uid === pod.uid) ?? same[0];
    return summary === undefined ? [] : [{ pod, summary }];
  });
  const inspected = await inspectPodsOfNode(
    access,
    known.map(({ summary }) => summary),
    options,
  );
  const running = inspected.filter((pod) => pod !== null);
  const found = await read(access, running);
  for (const { pod, notes } of found)
    for (const text of notes) context.note("info", `${pod.namespace}/${pod.name}: ${text}`);
  return pods.flatMap((pod) => {
    const own = found.find((one) => one.pod.namespace === pod.namespace && one.pod.name === pod.name);
    if (own === undefined) {
      context.note("warn", `${pod.namespace}/${pod.name} is left out: ${node} runs no such pod any more`);
      return [];
    }
    return [{ namespace: pod.namespace, name: pod.name, node, found: own, by: pod.by }];
  });
}

function accessOf(node: string, facts: ClusterFacts): GuardedAccess {
  const access = facts.accesses.get(node);
  if (access !== undefined) return access;
  const failure = facts.failures.get(node);
  throw (
    failure ??
    new HopbookError("NODE_UNREACHABLE", `Cannot look for pods on ${node}: there is no access to it`)
  );
}
