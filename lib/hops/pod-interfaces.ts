import pMap from "p-map";
import { asHopbookError, HopbookError } from "../errors.js";
import { findLink, type Link } from "../linux/links.js";
import type { ClusterProfile, End, Pod } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { findHostInterface } from "./host-interface.js";
import { Looks } from "./looks.js";
import { lookUpRoute, readLinks, readNodeView, type NodeView } from "./read-node.js";
import { recogniseOrGeneric } from "./recognise.js";
import type { HopRecipe } from "./recipe.js";

/** An interface in a pod's network namespace, and what it hangs on. */
interface PodInterface {
  /** In the pod's network namespace. */
  readonly index: number;
  readonly name: string;
  readonly kind: string | null;
  readonly mac: string | null;
  readonly addresses: readonly string[];
  readonly mtuBytes: number | null;
  readonly up: boolean;
  /** The host's end of it; null where it has none, or none was found. */
  readonly host: {
    readonly name: string;
    /** The bridge that it is a port of. */
    readonly bridge: string | null;
    readonly mtuBytes: number | null;
  } | null;
  /** How the host's end is known, or what was tried in vain. */
  readonly evidence: readonly string[];
}

export interface PodWithInterfaces {
  readonly pod: Pod;
  /** Without `lo`; the one that has the pod's address first. Empty for pods in the node's network. */
  readonly interfaces: readonly PodInterface[];
  /** What contradicts itself, or could not be read. */
  readonly notes: readonly string[];
}

interface PodInterfacesContext {
  readonly profile: Pick<ClusterProfile, "cni">;
  readonly recipes: readonly HopRecipe[];
  readonly signal?: AbortSignal | undefined;
}

const PARALLEL_PODS = 8;

/**
 * The interfaces of pods of one node, with the host's end of each. A pod that cannot be looked into is told with no
 * interface and why; rejects only where the node itself cannot be read.
 */
export async function readPodInterfaces(
  access: GuardedAccess,
  pods: readonly Pod[],
  context: PodInterfacesContext,
): Promise<readonly PodWithInterfaces[]> {
  const own = pods.filter(({ hostNetwork }) => !hostNetwork);
  if (own.length === 0) return pods.map(inNodesNetwork);
  const { signal, recipes, profile } = context;
  const routesTo = [...new Set(own.flatMap(({ ips }) => ips.slice(0, 1)))];
  const { view, looks } = await readNodeView(access, {
    routesTo,
    addresses: own.flatMap(({ ips }) => ips),
    signal,
  });
  const { recipe } = recogniseOrGeneric([view], recipes, { wanted: profile.cni });
  return pMap(
    pods,
    async (pod) => (pod.hostNetwork ? inNodesNetwork(pod) : readOne(pod, { view, looks, recipe, signal })),
    { concurrency: PARALLEL_PODS },
  );
}

function inNodesNetwork(pod: Pod): PodWithInterfaces {
  return { pod, interfaces: [], notes: [`${nameOf(pod)} is in the network of ${pod.node}`] };
}

interface Host {
  readonly view: NodeView;
  readonly looks: Looks;
  readonly recipe: Pick<HopRecipe, "hostInterface">;
  readonly signal: AbortSignal | undefined;
}

async function readOne(pod: Pod, host: Host): Promise<PodWithInterfaces> {
  const { view, signal } = host;
  try {
    const links = await readLinks(new Looks({ access: view.access, netns: pod.netns, signal }));
    const real = links.filter((link) => link.name !== "lo");
    const main = real.find(({ addresses }) => pod.ips.some((ip) => addresses.includes(ip))) ?? real[0];
    const sorted = real.toSorted((a, b) => Number(b === main) - Number(a === main));
    const found = await Promise.all(
      sorted.map((link) => describe(link, pod, { ...host, isMain: link === main })),
    );
    return {
      pod: pod.ips.length > 0 ? pod : { ...pod, ips: main?.addresses ?? [] },
      interfaces: found.map(({ notes: _notes, ...one }) => one),
      notes: found.flatMap(({ notes }) => notes),
    };
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "INTERRUPTED" || known.code === "PERMISSION_DENIED") throw known;
    return { pod, interfaces: [], notes: [known.message] };
  }
}

async function describe(
  link: Link,
  pod: Pod,
  host: Host & { readonly isMain: boolean },
): Promise<PodInterface & { readonly notes: readonly string[] }> {
  const { index, name, kind, mac, addresses, mtuBytes, up } = link;
  const about = { index, name, kind, mac, addresses, mtuBytes, up };
  const { view, isMain } = host;
  const [ip = addresses[0] ?? ""] = pod.ips;
  // What is known of the pod's address and the CNI's result is its first interface's; another one's peer tells by itself.
  const recipe = isMain ? host.recipe : { hostInterface: { methods: ["peer-index"] as const } };
  const route =
    isMain && ip !== ""
      ? await lookUpRoute(host.looks, { dst: ip })
      : { found: null, error: "it was not asked for" };
  try {
    const input = { end: endOf(pod, ip), node: view.node, hostLinks: view.links, podLink: link, route };
    const found = findHostInterface(input, recipe);
    const master = findLink(view.links, found.link.master);
    const bridge = master?.kind === "bridge" ? master.name : null;
    const side = { name: found.link.name, bridge, mtuBytes: found.link.mtuBytes };
    return { ...about, host: side, evidence: found.evidence, notes: found.notes };
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "HOP_UNRESOLVED") throw error;
    return { ...about, host: null, evidence: error.detail?.split("\n") ?? [], notes: [] };
  }
}

function endOf(pod: Pod, ip: string): End {
  const { hostNetwork, cniHostInterfaces, netns, node } = pod;
  return {
    ...{ kind: "pod", text: nameOf(pod), pod: nameOf(pod), node, ip, port: null },
    ...{ addresses: [{ ip, port: null }], netns, hostNetwork, cniHostInterfaces },
  };
}

function nameOf({ namespace, name }: Pod): string {
  return `${namespace}/${name}`;
}
