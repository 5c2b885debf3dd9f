import { asHopbookError, HopbookError } from "../../errors.js";
import type { NodeTarget } from "../../model/access.js";
import type { End } from "../../model/cluster.js";
import { ofOneFamily } from "./family.js";
import { nodeEnd, outsideEnd, noteStray, sayDoor, spread, strayEnd } from "./kinds.js";
import { choosePod, nameOf, whyUnusable } from "./choose-pod.js";
import type { KubePod } from "../facts/objects.js";
import { getPod, listPodsBy, listPodsOf, type KubeQuery } from "../facts/pods.js";
import { findKubeService, type FoundService, type ServiceQuery } from "../facts/service.js";
import { findServiceByIp, findServiceByNodePort, listServiceRanges } from "../facts/service-by-address.js";
import { showText } from "../names.js";
import type { EndName } from "../end-name.js";
import { endFromWithin } from "./pod-within.js";
import { canonicalIp, containsIp, parsePrefix } from "../../linux/address.js";
import type { AddressAndPort } from "../../linux/endpoint.js";
import {
  locatePod,
  type Asking,
  type KubeFacts,
  type KubeResolveOptions,
  type Located,
} from "./locate-pod.js";
import { askPinned, resolveService } from "./resolve-service.js";

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
    const asking = { facts, query, options };
    const wanted = { namespace, name: name.name };
    return locateService(await findKubeService(wanted, serviceQuery(name.port, asking)), asking);
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

async function locateIp(address: AddressAndPort, asking: Asking): Promise<Located> {
  const { facts, options, query } = asking;
  const node = nodeByAddress(facts, address.ip);
  if (node !== undefined) {
    const at = { ...address, node: node.name };
    const { port } = at;
    const found = port === null ? null : await locateDoor({ ...at, port }, facts, options);
    return found ?? settled(nodeEnd({ text: options.text, ...at }));
  }
  const pod = await findPodByIp(address.ip, asking);
  if (pod !== null) {
    const found = locatePod({ pod, port: address.port }, asking);
    const addresses = [{ ip: address.ip, port: address.port }];
    return withEnd(found, (end) => ({ ...ofOneFamily(end), ip: address.ip, addresses }));
  }
  let clusterIps: readonly string[] | null = null;
  const unserved = (told: readonly string[]): void => void (clusterIps = told);
  const service = await findServiceByIp(address.ip, {
    ...serviceQuery(address.port, asking),
    unserved,
  });
  if (service !== null) return locateService(service, asking);
  const gone = sayPodRange(facts, address.ip);
  if (gone !== null) options.note(gone);
  const ranges = clusterIps === null ? [] : await listServiceRanges(query);
  const known = clusterIps === null ? null : { clusterIps, ranges, saidBy: "the API" };
  return settled(noteStray(strayEnd(options.text, address, known), options.note));
}

/** An address that a pod had, as a stale record or a log has it. A CNI may give pods other ranges than their nodes have. */
function sayPodRange({ profile }: KubeFacts, ip: string): string | null {
  for (const { name, kube } of profile.nodes)
    for (const range of kube?.podCidrs ?? []) {
      const prefix = parsePrefix(range);
      if (prefix !== undefined && containsIp(prefix, ip))
        return `no pod that runs has ${ip}, which lies among pods' addresses (${range}, podCIDR of ${name}): its pod may be gone`;
    }
  return null;
}

/**
 * What a port of a node leads to: a Service by its NodePort, as the API says, or a pod by its host port, as the node's own
 * table says; null: nothing. Throws as findKubeService does.
 */
export async function locateDoor(
  at: { readonly node: string; readonly ip: string; readonly port: number },
  facts: KubeFacts,
  options: KubeResolveOptions,
): Promise<Located | null> {
  const { node, ip, port } = at;
  const query: KubeQuery = { kube: facts.kube, text: options.text, signal: options.signal };
  const asking = { facts, query, options };
  const service = await findServiceByNodePort(at, serviceQuery(port, asking));
  if (service !== null) return locateService(service, asking);
  const { text, away, fromIp, backend, signal, note } = options;
  const asked = { ...{ text, fromNode: away, fromIp, backend, signal }, note };
  const door = await resolveService({ ip, port, at: node }, facts, asked);
  if (door === null) return null;
  const pod = door.backend === null ? null : await findPodByIp(door.backend.ip, asking);
  const to = door.backend ?? at;
  const led = { ip: to.ip, port: to.port ?? port, node: null, pod: pod === null ? null : nameOf(pod) };
  const refusedAt = door.backend === null ? node : null;
  return locateService(
    { ...door, backend: led, notes: [], otherFamily: null, refusedAt },
    asking,
    `${node}'s own NAT table`,
  );
}

function serviceQuery(port: number | string | null, { query, options, facts }: Asking): ServiceQuery {
  const { away, backend, fromIp, text, signal } = options;
  return {
    ...{ ...query, port, away, backend },
    askPinned: (address) => askPinned(address, facts, { text, fromNode: away, fromIp, signal }),
  };
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

async function locateService(
  service: Omit<FoundService, "name" | "backends"> & { readonly name: string | null },
  asking: Asking,
  saidBy = "the API",
): Promise<Located> {
  const { facts, query, options } = asking;
  const { sentTo, backend, notes, otherBackends, otherFamily, door, refusedAt } = service;
  if (door !== null) {
    const led = { ...service, backend: refusedAt === null ? backend : null };
    options.note(sayDoor({ ...led, text: options.text, saidBy }));
  }
  for (const note of notes) options.note(note);
  if (refusedAt !== null && sentTo !== null)
    return settled(nodeEnd({ text: options.text, node: refusedAt, ...sentTo }));
  const own = { ip: backend.ip, port: backend.port };
  const other =
    otherFamily === null ? {} : { otherFamily: addressesIn(otherFamily, { otherBackends, door }) };
  // A headless one stands for its pods: no address of its own is ever in a packet.
  const kind =
    sentTo === null
      ? {}
      : {
          ...{ kind: "service" as const, service: service.name, ...spread(otherBackends) },
          ...(door === null ? {} : { door }),
        };
  const as = (end: End): End => ({
    ...{ ...ofOneFamily(end), ...kind, ...other },
    ...addressesIn({ sentTo, backend }, { otherBackends, door }),
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
  { sentTo, backend: { ip, port } }: Pick<FoundService, "sentTo" | "backend">,
  { otherBackends, door }: Pick<FoundService, "otherBackends" | "door">,
): Pick<End, "ip" | "port" | "addresses"> {
  const own = { ip, port };
  // What is sent to the ClusterIP may go to any backend; who asks for a door wants to see it.
  const isAny = sentTo === null || (otherBackends > 0 && door === null);
  return { ...(isAny ? own : sentTo), addresses: sentTo === null ? [own] : [sentTo, own] };
}

function nodeByAddress({ profile }: KubeFacts, ip: string): NodeTarget | undefined {
  return profile.nodes.find((node) => node.pod === undefined && canonicalIp(node.address ?? "") === ip);
}
