import { HopbookError } from "../../errors.js";
import type { KubeReader } from "../../model/kube.js";
import { parseEnd, withNamespace, type EndName } from "../end-name.js";
import type { ClusterFacts } from "../facts/gather.js";
import type { KubePod } from "../facts/objects.js";
import { getPod, listPodsBy, listPodsOf, type KubeQuery } from "../facts/pods.js";
import { listPodsOfService } from "../facts/service.js";
import { showText } from "../names.js";
import type { PodSummary } from "../runtime/sandboxes.js";
import { whyUnusable } from "./choose-pod.js";
import { findPodsByAddress } from "./pods-by-address.js";
import { ambiguousPods, podNotFound, targetNotFound } from "./not-found.js";

/** A pod that was asked for, before its node was asked. */
export interface SelectedPod {
  readonly namespace: string;
  readonly name: string;
  /** null: nobody says it. */
  readonly node: string | null;
  /** As the node's runtime has it; "" where nobody says it. */
  readonly uid: string;
  /** Only what the API says of it. */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean | null;
  /** Where the nodes were asked for it. */
  readonly summary: PodSummary | null;
  /** The texts by which it was found. */
  readonly by: readonly string[];
}

interface SelectOptions {
  readonly signal?: AbortSignal | undefined;
  /** Pods that were left out, and why. */
  readonly note: (text: string) => void;
}

/**
 * All pods that texts mean, each once: `ns/pod`, `deploy/NAME` and the like, `svc/NAME`, labels (`app=web`), `node/NAME`
 * for all pods there, a pod's address. By the API where there is one; without it by what the nodes' runtimes list, which knows names and
 * labels. Those that do not run are left out with a word. Throws as resolveEnd does; a text that no pod fits is
 * TARGET_NOT_FOUND.
 */
export async function selectPods(
  texts: readonly string[],
  facts: ClusterFacts,
  options: SelectOptions,
): Promise<readonly SelectedPod[]> {
  const { kube, profile } = facts;
  const lists = await Promise.all(
    texts.map(async (text) => {
      const name = withNamespace(parseEnd(text), profile.endNamespace ?? null);
      if (name.kind !== "node" && name.port !== null) throw noPods(text);
      return kube === undefined
        ? selectByNodes(name, text, { facts, options })
        : selectByApi(name, text, { facts, kube, options });
    }),
  );
  const found = new Map<string, SelectedPod>();
  for (const pod of lists.flat()) {
    const key = `${pod.namespace}/${pod.name}`;
    const known = found.get(key);
    found.set(key, known === undefined ? pod : { ...known, by: [...known.by, ...pod.by] });
  }
  return [...found.values()];
}

function noPods(text: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot tell which pods are meant by ${showText(text)}`, {
    hint: "Write namespace/pod, deploy/NAME, svc/NAME, labels (app=web), node/NAME or a pod's address, without a port",
  });
}

async function selectByNodes(
  name: EndName,
  text: string,
  { facts, options }: Omit<Asking, "kube">,
): Promise<readonly SelectedPod[]> {
  if (name.kind === "workload" || name.kind === "service") {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot find the pods of ${showText(text)}: only the cluster's API knows them, and it is not asked`,
      {
        hint: "name pods or their labels (app=web), or say how the API is reached: --context NAME, or kube in the profile",
      },
    );
  }
  const fits =
    name.kind === "ip"
      ? await findPodsByAddress(name.ip, facts, options)
      : facts.pods.filter((pod) => fitsSummary(pod, name));
  if (name.kind === "node" && !facts.profile.nodes.some((node) => node.name === name.name)) {
    throw targetNotFound(text, name.name, facts);
  }
  if (fits.length === 0) {
    throw name.kind === "pod" ? podNotFound(text, name, facts) : nothingFits(text, name, facts.pods.length);
  }
  if (name.kind === "pod" && fits.length > 1) throw ambiguousPods(text, fits);
  return fits.map((summary) => ({
    ...{ namespace: summary.namespace, name: summary.name, node: summary.node, uid: summary.uid },
    ...{ ips: [], hostNetwork: null, summary, by: [text] },
  }));
}

function fitsSummary(pod: PodSummary, name: EndName): boolean {
  if (name.kind === "node") return pod.node === name.name;
  if (name.kind === "pod") return pod.name === name.name && pod.namespace === name.namespace;
  if (name.kind !== "selector") return false;
  // No node knows a default namespace: without one all are meant.
  if (name.namespace !== null && name.namespace !== pod.namespace) return false;
  return name.selector.split(",").every((requirement) => fitsLabel(pod.labels, requirement));
}

/** As the API has it: `!=` holds of a label that is not there. */
function fitsLabel(labels: Readonly<Record<string, string>>, requirement: string): boolean {
  const [, key = "", operator = "", value = ""] = /^([^=!]+)(!=|==?)(.*)$/.exec(requirement) ?? [];
  const own = Object.hasOwn(labels, key) ? labels[key] : undefined;
  return operator === "!=" ? own !== value : own === value;
}

interface Asking {
  readonly facts: ClusterFacts;
  readonly kube: KubeReader;
  readonly options: SelectOptions;
}

async function selectByApi(
  name: EndName,
  text: string,
  { facts, kube, options }: Asking,
): Promise<readonly SelectedPod[]> {
  const query: KubeQuery = { kube, text, signal: options.signal };
  const found = await listByApi(name, query, facts);
  const trouble = (pod: KubePod): string | null => whyUnusable(pod) ?? (pod.isEnding ? "it is ending" : null);
  for (const pod of found) {
    const why = trouble(pod);
    if (why !== null) options.note(`${pod.namespace}/${pod.name} is left out: ${why}`);
  }
  const sound = found.filter((pod) => trouble(pod) === null);
  if (sound.length === 0) throw nothingFits(text, name, found.length);
  return sound.map((pod) => ({
    ...{ namespace: pod.namespace, name: pod.name, node: pod.node, uid: pod.runtimeUid },
    ...{ ips: pod.ips, hostNetwork: pod.hostNetwork, summary: null, by: [text] },
  }));
}

async function listByApi(
  name: EndName,
  query: KubeQuery,
  { profile }: ClusterFacts,
): Promise<readonly KubePod[]> {
  if (name.kind === "ip") {
    const found = await listPodsBy({ fieldSelector: `status.podIP=${name.ip}` }, query);
    // In the node's own network it is the node's address.
    return found.filter(({ hostNetwork }) => !hostNetwork);
  }
  if (name.kind === "node") {
    const isKnown = profile.nodes.some((node) => node.name === name.name);
    if (!isKnown) throw nothingFits(query.text, name, 0);
    return listPodsBy({ fieldSelector: `spec.nodeName=${name.name}` }, query);
  }
  const namespace = name.namespace ?? query.kube.namespace;
  switch (name.kind) {
    case "pod":
      return [await getPod({ namespace, name: name.name }, query)];
    case "workload":
      return listPodsOf({ resource: name.resource, namespace, name: name.name }, query);
    case "service":
      return listPodsOfService({ namespace, name: name.name }, query);
    case "selector":
      return listPodsBy({ namespace, labelSelector: name.selector }, query);
  }
}

function nothingFits(text: string, { kind }: EndName, seen: number): HopbookError {
  const why =
    kind === "ip"
      ? "none that runs has that address"
      : seen === 0
        ? "there is none"
        : `none of ${seen} runs and fits`;
  return new HopbookError("TARGET_NOT_FOUND", `Cannot find pods of ${showText(text)}: ${why}`, {
    hint:
      kind === "ip"
        ? "see whose it is: kubectl get pods,svc,nodes -A -o wide"
        : "see what runs, with labels: kubectl get pods -A --show-labels",
  });
}
