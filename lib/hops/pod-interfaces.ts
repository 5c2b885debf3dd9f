import pMap from "p-map";
import { readCniCache } from "../cluster/index.js";
import { asHopbookError, HopbookError } from "../errors.js";
import { ipVersion } from "../linux/address.js";
import { findLink, type Link } from "../linux/links.js";
import type { HostDevice, MethodWord, Uplink } from "../model/cni/attachment.js";
import type { ClusterProfile, End, Pod } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { askEveryMethod, type AttachmentInput } from "./attachment-methods.js";
import { findHostInterface, type HostInterface, type HostInterfaceInput } from "./host-interface.js";
import { Looks } from "./looks.js";
import { lookUpRoute, readLinks, readNodeView, type NodeView } from "./read-node.js";
import { orWhy, readNodeTables, type NodeTables } from "./node-tables.js";
import { recogniseOrGeneric } from "./recognise.js";
import type { HopRecipe } from "./recipe.js";
import { findTunnels, findUnderlay } from "./underlay.js";

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
  readonly host: (HostDevice & { readonly bridge: string | null }) | null;
  /** How the host's end is known, or what was tried in vain. */
  readonly evidence: readonly string[];
  /** What each method says of the host's end; empty where not every one was asked. */
  readonly methods: readonly MethodWord[];
}

export interface PodWithInterfaces {
  readonly pod: Pod;
  /** Without `lo`; the one that has the pod's address first. Empty for pods in the node's network. */
  readonly interfaces: readonly PodInterface[];
  /** Name of the recipe of the node's CNI; null where the node was not asked. */
  readonly recipe: string | null;
  /** null where the node was not asked, or has no address that others know. */
  readonly uplink: Uplink | null;
  /** What contradicts itself, or could not be read. */
  readonly notes: readonly string[];
}

interface PodInterfacesContext {
  readonly profile: ClusterProfile;
  readonly recipes: readonly HopRecipe[];
  /** Asks every method, whether one has told already or not. */
  readonly everyMethod?: boolean | undefined;
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
  const { signal, recipes, profile, everyMethod = false } = context;
  if (own.length === 0 && !everyMethod) return pods.map((pod) => inNodesNetwork(pod, null));
  const routesTo = [...new Set(own.flatMap(({ ips }) => ips.slice(0, 1)))];
  const [{ view, looks }, tables] = await Promise.all([
    readNodeView(access, { routesTo, addresses: own.flatMap(({ ips }) => ips), signal }),
    everyMethod ? readNodeTables(access, signal) : null,
  ]);
  const { recipe } = recogniseOrGeneric([view], recipes, { wanted: profile.cni });
  const host = { view, looks, recipe, tables, uplink: findUplink(view, recipe, { profile, pods }), signal };
  return pMap(pods, async (pod) => (pod.hostNetwork ? inNodesNetwork(pod, host) : readOne(pod, host)), {
    concurrency: PARALLEL_PODS,
  });
}

function findUplink(
  view: NodeView,
  recipe: HopRecipe,
  { profile, pods }: { readonly profile: ClusterProfile; readonly pods: readonly Pod[] },
): Uplink | null {
  const [address = ""] = (pods.find(({ hostNetwork }) => !hostNetwork) ?? pods[0])?.ips ?? [];
  const family = ipVersion(address);
  try {
    const { ip, link } = findUnderlay(view, { recipe, profile, family });
    const tunnels = findTunnels(view.links, recipe).map(({ name }) => name);
    return { address: ip, interface: link.name, mtuBytes: link.mtuBytes, tunnels };
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "HOP_UNRESOLVED") throw error;
    return null;
  }
}

function inNodesNetwork(pod: Pod, host: Host | null): PodWithInterfaces {
  const notes = [`${nameOf(pod)} is in the network of ${pod.node}`];
  return {
    pod,
    interfaces: [],
    recipe: host?.recipe.metadata.name ?? null,
    uplink: host?.uplink ?? null,
    notes,
  };
}

interface Host {
  readonly view: NodeView;
  readonly looks: Looks;
  readonly recipe: HopRecipe;
  /** null: the methods of the recipe are asked in their order, up to the one that tells. */
  readonly tables: NodeTables | null;
  readonly uplink: Uplink | null;
  readonly signal: AbortSignal | undefined;
}

async function readOne(pod: Pod, host: Host): Promise<PodWithInterfaces> {
  const { view, signal, tables, uplink } = host;
  const about = { recipe: host.recipe.metadata.name, uplink };
  try {
    const [links, cache] = await Promise.all([
      readLinks(new Looks({ access: view.access, netns: pod.netns, signal })),
      tables === null ? [] : orWhy(() => readCniCache(view.access, pod.sandboxId, { signal })),
    ]);
    const { main, sorted } = ownLinks(links, pod);
    const found = await Promise.all(
      sorted.map((link) => describe(link, pod, { ...host, isMain: link === main, cache })),
    );
    return {
      pod: withIps(pod, main),
      interfaces: found.map(({ notes: _notes, ...one }) => one),
      ...about,
      notes: found.flatMap(({ notes }) => notes),
    };
  } catch (error) {
    return { pod, interfaces: [], ...about, notes: [whyUnread(error)] };
  }
}

/**
 * The same from within the pods alone, by one look into each: where a capture waits for it and needs nothing of the host's
 * side. Rejects only for what holds for the whole node.
 */
export async function readInsideOfPods(
  access: GuardedAccess,
  pods: readonly Pod[],
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<readonly PodWithInterfaces[]> {
  const readInside = async (pod: Pod): Promise<PodWithInterfaces> => {
    const nothing = { pod, interfaces: [], recipe: null, uplink: null, notes: [] };
    if (pod.hostNetwork) return { ...nothing, notes: [`${nameOf(pod)} is in the network of ${pod.node}`] };
    try {
      const { main, sorted } = ownLinks(
        await readLinks(new Looks({ access, netns: pod.netns, signal })),
        pod,
      );
      return {
        ...nothing,
        pod: withIps(pod, main),
        interfaces: sorted.map((link) => ({
          ...deviceOf(link),
          addresses: link.addresses,
          host: null,
          evidence: ["it is in the pod's network namespace"],
          methods: [],
        })),
      };
    } catch (error) {
      return { ...nothing, notes: [whyUnread(error)] };
    }
  };
  return pMap(pods, readInside, { concurrency: PARALLEL_PODS });
}

/** Without `lo`; the one that has the pod's address first. */
function ownLinks(
  links: readonly Link[],
  pod: Pod,
): { readonly main: Link | undefined; readonly sorted: readonly Link[] } {
  const real = links.filter((link) => link.name !== "lo");
  const main = real.find(({ addresses }) => pod.ips.some((ip) => addresses.includes(ip))) ?? real[0];
  return { main, sorted: real.toSorted((a, b) => Number(b === main) - Number(a === main)) };
}

function withIps(pod: Pod, main: Link | undefined): Pod {
  return pod.ips.length > 0 ? pod : { ...pod, ips: main?.addresses ?? [] };
}

/** Throws what holds for more than one pod. */
function whyUnread(error: unknown): string {
  const known = asHopbookError(error);
  if (known.code === "INTERRUPTED" || known.code === "PERMISSION_DENIED") throw known;
  return known.message;
}

function deviceOf({ index, name, kind, mac, mtuBytes, up }: Link): HostDevice {
  return { index, name, kind, mac, mtuBytes, up };
}

async function describe(
  link: Link,
  pod: Pod,
  host: Host & Pick<AttachmentInput, "isMain" | "cache">,
): Promise<PodInterface & { readonly notes: readonly string[] }> {
  const { addresses } = link;
  const about = { ...deviceOf(link), addresses };
  const { view, isMain, tables, cache } = host;
  const [ip = addresses[0] ?? ""] = pod.ips;
  // What is known of the pod's address and the CNI's result is its first interface's; another one's peer tells by itself.
  const recipe = isMain ? host.recipe : { hostInterface: { methods: ["peer-index"] as const } };
  const route =
    isMain && ip !== ""
      ? await lookUpRoute(host.looks, { dst: ip })
      : { found: null, error: "it was not asked for" };
  const input = { end: endOf(pod, ip), node: view.node, hostLinks: view.links, podLink: link, route };
  const found = findOrWhy(input, recipe);
  const proven = found.link ?? null;
  const all =
    tables === null
      ? { link: proven, methods: [] }
      : askEveryMethod({ ...input, recipe, isMain, neighbours: view.neighbours, tables, cache }, proven);
  return {
    ...about,
    host: all.link === null ? null : describeHost(all.link, view),
    evidence: found.evidence,
    methods: all.methods,
    notes: found.notes,
  };
}

type Found = Pick<HostInterface, "evidence" | "notes"> & { readonly link?: Link };

function findOrWhy(input: HostInterfaceInput, recipe: Pick<HopRecipe, "hostInterface">): Found {
  try {
    return findHostInterface(input, recipe);
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "HOP_UNRESOLVED") throw error;
    return { evidence: error.detail?.split("\n") ?? [], notes: [] };
  }
}

function describeHost(link: Link, view: NodeView): NonNullable<PodInterface["host"]> {
  const master = findLink(view.links, link.master);
  const bridge = master?.kind === "bridge" ? master.name : null;
  return { ...deviceOf(link), bridge };
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
