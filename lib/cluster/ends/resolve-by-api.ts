import { asHopbookError, HopbookError } from "../../errors.js";
import type { NodeTarget } from "../../model/access.js";
import type { End } from "../../model/cluster.js";
import type { KubeReader } from "../../model/kube.js";
import { byFamilies, ofOneFamily } from "./family.js";
import { nodeEnd, outsideEnd, spread } from "./kinds.js";
import { describeFailures, type ClusterFacts } from "../facts/gather.js";
import { findSandbox } from "../runtime/inspect.js";
import { choosePod, nameOf, whyUnusable } from "./choose-pod.js";
import type { KubePod } from "../facts/objects.js";
import { getPod, listPodsBy, listPodsOf, type KubeQuery } from "../facts/pods.js";
import { findKubeService, findServiceByIp, type FoundService } from "../facts/service.js";
import { showText } from "../names.js";
import type { EndName } from "../end-name.js";
import { endFromWithin } from "./pod-within.js";
import { canonicalIp } from "../../linux/address.js";
import type { AddressAndPort } from "../../linux/endpoint.js";

/** Facts where the API is there to be asked. */
export type KubeFacts = ClusterFacts & { readonly kube: KubeReader };

interface KubeResolveOptions {
  readonly text: string;
  /** The node of the other end: where there is a choice, one that is elsewhere is taken. */
  readonly away: string | null;
  readonly backend?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is said of a choice. */
  readonly note: (text: string) => void;
}

/** An end of which all is known but what only its node can tell. */
export interface Located {
  /** null: outside the cluster. */
  readonly node: string | null;
  /** Asks the node. */
  readonly finish: () => Promise<End>;
  /** The end by what is known without its node: nothing of it can be captured. null: that is too little. */
  readonly known: End | null;
}

interface Place {
  readonly pod: KubePod;
  readonly port: number | null;
}

/**
 * An end by what the API says, all but its network namespace, which is its node's runtime's to tell. Names are asked for
 * one by one; nothing is listed where a name is given. Throws as resolveEnd does.
 */
export async function locateKubeEnd(
  name: Exclude<EndName, { kind: "node" }>,
  facts: KubeFacts,
  options: KubeResolveOptions,
): Promise<Located> {
  const query: KubeQuery = { kube: facts.kube, text: options.text, signal: options.signal };
  if (name.kind === "ip") return locateIp(name, { facts, query, options });
  const namespace = name.namespace ?? facts.kube.namespace;
  if (name.kind === "service") {
    const wanted = { ...query, port: name.port, away: options.away, backend: options.backend };
    return locateService(await findKubeService({ namespace, name: name.name }, wanted), {
      facts,
      query,
      options,
    });
  }
  try {
    const pod = await findPod({ ...name, namespace }, { query, options });
    return locatePod({ pod, port: name.port }, { facts, query, options });
  } catch (error) {
    const wanted = name.kind === "pod" ? { ...name, namespace } : null;
    const { text, signal } = options;
    const end = wanted === null ? null : await endFromWithin(error, wanted, { facts, text, signal });
    if (end === null) throw error;
    return settled(end);
  }
}

/** What the ends' pods are, before anything of their nodes is known; null for what is no pod. */
export async function findPod(
  name: Extract<EndName, { kind: "pod" | "workload" | "selector" }>,
  {
    query,
    options,
  }: { readonly query: KubeQuery; readonly options: Pick<KubeResolveOptions, "text" | "away" | "note"> },
): Promise<KubePod> {
  const namespace = name.namespace ?? query.kube.namespace;
  if (name.kind === "pod") {
    const pod = await getPod({ namespace, name: name.name }, query);
    const trouble = whyUnusable(pod);
    if (trouble === null) {
      if (pod.unready !== null) options.note(`${nameOf(pod)} is not ready: ${pod.unready}`);
      if (pod.isEnding) options.note(`${nameOf(pod)} is being deleted: it may end at any moment`);
      return pod;
    }
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot look into the pod ${showText(query.text)}: ${trouble}`,
      {
        hint: `see what becomes of it: kubectl -n ${namespace} describe pod ${name.name}`,
      },
    );
  }
  const pods =
    name.kind === "workload"
      ? await listPodsOf({ resource: name.resource, namespace, name: name.name }, query)
      : await listPodsBy({ namespace, labelSelector: name.selector }, query);
  const { pod, note } = choosePod(pods, options);
  if (note !== null) options.note(note);
  return pod;
}

interface Asking {
  readonly facts: KubeFacts;
  readonly query: KubeQuery;
  readonly options: KubeResolveOptions;
}

async function locateIp(address: AddressAndPort, asking: Asking): Promise<Located> {
  const { facts, query, options } = asking;
  const node = nodeByAddress(facts, address.ip);
  if (node !== undefined) return settled(nodeEnd({ text: options.text, node: node.name, ...address }));
  const pod = await findPodByIp(address.ip, asking);
  if (pod !== null) {
    const found = locatePod({ pod, port: address.port }, asking);
    const addresses = [{ ip: address.ip, port: address.port }];
    return withEnd(found, (end) => ({ ...ofOneFamily(end), ip: address.ip, addresses }));
  }
  const wanted = { ...query, port: address.port, away: options.away, backend: options.backend };
  const service = await findServiceByIp(address.ip, wanted);
  return service === null ? settled(outsideEnd(options.text, address)) : locateService(service, asking);
}

function settled(end: End): Located {
  return { node: end.node, finish: () => Promise.resolve(end), known: end };
}

function withEnd({ node, finish, known }: Located, change: (end: End) => End): Located {
  return {
    node,
    finish: async () => change(await finish()),
    known: known === null ? null : change(known),
  };
}

async function findPodByIp(ip: string, { query, options }: Asking): Promise<KubePod | null> {
  let pods: readonly KubePod[];
  try {
    pods = await listPodsBy({ fieldSelector: `status.podIP=${ip}` }, query);
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code !== "KUBE_FORBIDDEN") throw failure;
    options.note(`pods may not be listed, so nobody knows whether ${ip} is one's: ${failure.message}`);
    return null;
  }
  const live = pods.filter((pod) => whyUnusable(pod) === null && !pod.hostNetwork);
  return live.find(({ isEnding }) => !isEnding) ?? live[0] ?? null;
}

async function locateService(service: FoundService, asking: Asking): Promise<Located> {
  const { facts, query, options } = asking;
  const { clusterIp, backend, note, otherBackends, otherFamily } = service;
  if (note !== null) options.note(note);
  const own = { ip: backend.ip, port: backend.port };
  const other = otherFamily === null ? {} : { otherFamily: addressesIn(otherFamily, otherBackends) };
  // A headless one stands for its pods: no address of its own is ever in a packet.
  const kind =
    clusterIp === null ? {} : { kind: "service" as const, service: service.name, ...spread(otherBackends) };
  const as = (end: End): End => ({
    ...{ ...ofOneFamily(end), ...kind, ...other },
    ...addressesIn({ clusterIp, backend }, otherBackends),
  });
  if (backend.pod !== null) {
    const [namespace = "", name = ""] = backend.pod.split("/");
    const pod = await findPod({ kind: "pod", namespace, name, port: null }, { query, options });
    return withEnd(locatePod({ pod, port: backend.port }, asking), as);
  }
  const node = nodeByAddress(facts, backend.ip);
  const host = node === undefined ? null : nodeEnd({ text: options.text, node: node.name, ...own });
  return settled(as(host ?? outsideEnd(options.text, own)));
}

function addressesIn(
  { clusterIp, backend: { ip, port } }: Pick<FoundService, "clusterIp" | "backend">,
  otherBackends: number,
): Pick<End, "ip" | "port" | "addresses"> {
  const own = { ip, port };
  // What is sent to the ClusterIP may go to any backend.
  const sentTo = clusterIp === null || otherBackends > 0 ? own : clusterIp;
  return { ...sentTo, addresses: clusterIp === null ? [own] : [clusterIp, own] };
}

function nodeByAddress({ profile }: KubeFacts, ip: string): NodeTarget | undefined {
  return profile.nodes.find((node) => node.pod === undefined && canonicalIp(node.address ?? "") === ip);
}

function locatePod(place: Place, asking: Asking): Located {
  return {
    node: place.pod.node,
    finish: () => podEnd(place, asking),
    known: place.pod.ips.length === 0 || place.pod.node === null ? null : knownEnd(place, asking),
  };
}

/** What the API alone says of a pod. Throws TARGET_NOT_FOUND where that is no address. */
function knownEnd({ pod, port }: Place, { facts, options }: Asking): End & { readonly node: string } {
  const name = nameOf(pod);
  const [ip, ...more] = pod.ips;
  if (ip === undefined) {
    throw new HopbookError("TARGET_NOT_FOUND", `Cannot tell the address of ${name}: the API names none`, {
      hint: "wait until the pod is running",
    });
  }
  const node = pod.node ?? facts.profile.nodes.find((target) => target.pod === name)?.name ?? "";
  return {
    ...{ kind: "pod", text: options.text, pod: name, node, ...byFamilies([ip, ...more], port) },
    ...{ hostNetwork: pod.hostNetwork, netns: null, cniHostInterfaces: [] },
  };
}

async function podEnd(place: Place, asking: Asking): Promise<End> {
  const { pod } = place;
  const { facts, options } = asking;
  const name = nameOf(pod);
  const end = knownEnd(place, asking);
  const { node } = end;
  const inPod = facts.profile.nodes.find((target) => target.pod === name);
  if (inPod !== undefined) {
    const target = inPod.name === node ? {} : { target: inPod.name };
    return { ...end, ...target, netns: { kind: "own" }, cniHostInterfaces: [] };
  }
  const access = facts.accesses.get(node);
  if (access === undefined) throw noAccess({ name, node }, facts);
  if (pod.hostNetwork) return { ...end, netns: { kind: "host" }, cniHostInterfaces: [] };
  const found = await findSandbox(
    access,
    { namespace: pod.namespace, name: pod.name, uid: pod.runtimeUid },
    { endpoint: facts.profile.runtimeEndpoint, signal: options.signal },
  );
  const { netns, cniHostInterfaces, isolation } = found;
  return { ...end, netns, cniHostInterfaces, ...(isolation === undefined ? {} : { isolation }) };
}

function noAccess(
  { name, node }: { readonly name: string; readonly node: string },
  facts: KubeFacts,
): HopbookError {
  const failure = facts.failures.get(node);
  if (failure !== undefined) return failure;
  const choice = facts.profile.choices?.find(({ target }) => target === node);
  if (choice?.via === null) {
    return new HopbookError("NO_ACCESS", `Cannot look into ${name}: ${choice.reason}`, {
      where: { node },
      detail: choice.rejected.map(({ via, reason }) => `${via}: ${reason}`).join("\n"),
    });
  }
  const isListed = facts.profile.nodes.some((target) => target.name === node);
  const why = isListed
    ? `there is no way in to ${node}`
    : `the profile does not list ${node}, which it is on`;
  return new HopbookError("NODE_UNREACHABLE", `Cannot look into ${name}: ${why}`, {
    where: { node },
    detail: describeFailures(facts),
  });
}
