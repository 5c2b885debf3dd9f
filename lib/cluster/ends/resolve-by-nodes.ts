import { HopbookError } from "../../errors.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { End, Pod } from "../../model/cluster.js";
import { describeFailures, type ClusterFacts } from "../facts/gather.js";
import { inspectPod } from "../runtime/inspect.js";
import { byFamilies, ofOneFamily } from "./family.js";
import { nodeEnd, outsideEnd, noteStray, sayDoor, spread, strayEnd } from "./kinds.js";
import type { KnownServices } from "./service-range.js";
import { showText } from "../names.js";
import { askNodeAddress } from "./node-address.js";
import type { EndName } from "../end-name.js";
import { ambiguousPods, podNotFound, targetNotFound } from "./not-found.js";
import type { PodSummary } from "../runtime/sandboxes.js";
import { findPodsByAddress } from "./pods-by-address.js";
import { isRefusedService, resolveService, type ResolvedService } from "./resolve-service.js";
import { canonicalIp } from "../../linux/address.js";

export interface ResolveOptions {
  /** The node whose NAT table says what a ClusterIP is: the one that sends. Default: the first that answers. */
  readonly fromNode?: string | null | undefined;
  /** The sender's own address, by which its node may keep it to one backend. */
  readonly fromIp?: string | null | undefined;
  /** What an end without a namespace is in. Default: `-n`'s, else that of the API's context. */
  readonly namespace?: string | null | undefined;
  /** `namespace/name` of the pod to follow where a service has several. */
  readonly backend?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is worth a word: a choice that was made, what may not be read. */
  readonly note?: (text: string) => void;
}

/** An end by what nodes and their runtimes say. Throws as resolveEnd does. */
export async function resolveByNodes(
  name: EndName,
  facts: ClusterFacts,
  options: ResolveOptions & { readonly text: string },
): Promise<End> {
  const { text } = options;
  if (name.kind === "node") return resolveNode({ name: name.name, port: name.port }, facts, options);
  if (name.kind === "ip") {
    return resolveAddress({ ip: name.ip, port: name.port }, facts, options);
  }
  if (name.kind !== "pod") throw needsApi(text);
  const fits = facts.pods.filter((pod) => pod.name === name.name && pod.namespace === name.namespace);
  const [pod, second] = fits;
  if (pod === undefined) throw podNotFound(text, name, facts);
  if (second !== undefined) throw ambiguousPods(text, fits);
  return podEnd(await inspect(pod, facts, options), { text, port: name.port, facts, signal: options.signal });
}

function needsApi(text: string): HopbookError {
  const message = `Cannot find ${showText(text)}: only the cluster's API knows it, and it is not asked`;
  return new HopbookError("TARGET_NOT_FOUND", message, {
    hint: "name a pod, or say how the API is reached: --context NAME, or kube in the cluster profile",
  });
}

async function resolveNode(
  name: { readonly name: string; readonly port: number | null },
  facts: ClusterFacts,
  options: ResolveOptions & { readonly text: string },
): Promise<End> {
  const at = { ...(await nodeAddress(name, facts, options)), port: name.port };
  return (await resolveDoor(at, facts, options)) ?? nodeEnd({ text: options.text, ...at });
}

/** What a port of a node leads to, by the node's own table; null: nothing, so that the node itself is meant. */
async function resolveDoor(
  at: { readonly node: string; readonly ip: string; readonly port: number | null },
  facts: ClusterFacts,
  options: ResolveOptions & { readonly text: string },
): Promise<End | null> {
  const { node, ip, port } = at;
  if (port === null) return null;
  const service = await resolveService({ ip, port, at: node }, facts, options);
  if (service === null) return null;
  options.note?.(sayDoor({ ...service, text: options.text, saidBy: `${node}'s own NAT table` }));
  return serviceEnd(service, facts, options);
}

export async function nodeAddress(
  name: { readonly name: string },
  facts: ClusterFacts,
  options: ResolveOptions & { readonly text: string },
): Promise<{ readonly node: string; readonly ip: string }> {
  const node = facts.profile.nodes.find((candidate) => candidate.name === name.name);
  if (node === undefined) throw targetNotFound(options.text, name.name, facts);
  const access = accessOf(facts, node.name);
  const address = canonicalIp(node.address ?? "");
  return { node: node.name, ip: address ?? (await askNodeAddress(access, options.signal)) };
}

async function resolveAddress(
  address: { readonly ip: string; readonly port: number | null },
  facts: ClusterFacts,
  options: ResolveOptions & { readonly text: string },
): Promise<End> {
  const { text, signal } = options;
  const node = facts.profile.nodes.find((candidate) => canonicalIp(candidate.address ?? "") === address.ip);
  if (node !== undefined) {
    const at = { ...address, node: node.name };
    return (await resolveDoor(at, facts, options)) ?? nodeEnd({ text, ...at });
  }
  const pods = await findPodsByAddress(address.ip, facts, options);
  if (pods.length > 1) throw ambiguousPods(text, pods);
  if (pods[0] !== undefined) {
    const end = await podEnd(await inspect(pods[0], facts, options), {
      text,
      port: address.port,
      facts,
      signal,
    });
    return { ...ofOneFamily(end), ip: address.ip, addresses: [address] };
  }
  let known: KnownServices | null = null;
  const unserved = (told: KnownServices): void => void (known = told);
  const service = await resolveService(address, facts, { ...options, unserved });
  if (service === null) {
    const end = strayEnd(text, address, known);
    const isSomebodys = end.noService !== undefined && (await isRefusedService(address.ip, facts, options));
    return isSomebodys ? outsideEnd(text, address) : noteStray(end, options.note);
  }
  if (service.door !== null) {
    const saidBy = `the NAT table of ${options.fromNode ?? "a node"}`;
    options.note?.(sayDoor({ ...service, text, saidBy }));
  }
  return serviceEnd(service, facts, options);
}

/** A Service, or a pod behind a port of a node, as an end. */
async function serviceEnd(
  service: ResolvedService,
  facts: ClusterFacts,
  options: ResolveOptions & { readonly text: string },
): Promise<End> {
  const { text, signal } = options;
  const { sentTo: asked, backend, otherBackends, door } = service;
  const kind = {
    ...{ kind: "service" as const, service: service.name },
    ...(door === null ? {} : { door }),
  };
  if (backend === null) return nodeEnd({ text, node: door?.node ?? "", ...asked });
  // What is sent to the ClusterIP may go to any backend.
  const sentTo = otherBackends > 0 && door === null ? backend : asked;
  const [backendPod, second] = await findPodsByAddress(backend.ip, facts, options);
  if (second !== undefined)
    throw ambiguousPods(
      text,
      [backendPod, second].filter((pod) => pod !== undefined),
    );
  const addresses = [asked, backend];
  const backendNode = facts.profile.nodes.find(
    (candidate) => canonicalIp(candidate.address ?? "") === backend.ip,
  );
  if (backendPod === undefined && backendNode !== undefined) {
    const host = nodeEnd({ text, node: backendNode.name, ...sentTo });
    return { ...host, ...kind, addresses, ...spread(otherBackends) };
  }
  if (backendPod === undefined) return { ...outsideEnd(text, sentTo), ...kind, addresses };
  const end = await podEnd(await inspect(backendPod, facts, options), {
    text,
    port: backend.port,
    facts,
    signal,
  });
  return { ...ofOneFamily(end), ...kind, ...sentTo, addresses, ...spread(otherBackends) };
}

async function podEnd(
  pod: Pod,
  end: {
    readonly text: string;
    readonly port: number | null;
    readonly facts: ClusterFacts;
    readonly signal: AbortSignal | undefined;
  },
): Promise<End> {
  const node = end.facts.profile.nodes.find((candidate) => candidate.name === pod.node);
  const known = pod.ips[0] ?? (pod.hostNetwork ? canonicalIp(node?.address ?? "") : undefined);
  const ip =
    known ?? (pod.hostNetwork ? await askNodeAddress(accessOf(end.facts, pod.node), end.signal) : undefined);
  if (ip === undefined) {
    const message = `Cannot tell the address of ${pod.namespace}/${pod.name}: its runtime names none`;
    const where = { node: pod.node, argv: ["crictl", "inspectp", "-o", "json", pod.sandboxId] };
    throw new HopbookError("RUNTIME_UNAVAILABLE", message, { where, hint: "wait until the pod is running" });
  }
  return {
    kind: "pod",
    text: end.text,
    pod: `${pod.namespace}/${pod.name}`,
    node: pod.node,
    ...byFamilies([ip, ...pod.ips], end.port),
    netns: pod.netns,
    hostNetwork: pod.hostNetwork,
    cniHostInterfaces: pod.cniHostInterfaces,
    ...(pod.isolation === undefined ? {} : { isolation: pod.isolation }),
  };
}

async function inspect(pod: PodSummary, facts: ClusterFacts, options: ResolveOptions): Promise<Pod> {
  const endpoint = facts.profile.runtimeEndpoint;
  return inspectPod(accessOf(facts, pod.node), pod, { endpoint, signal: options.signal });
}

/** The access of a node that is needed. Throws why there is none. */
function accessOf(facts: ClusterFacts, node: string): GuardedAccess {
  const access = facts.accesses.get(node);
  if (access !== undefined) return access;
  const failure = facts.failures.get(node);
  if (failure !== undefined) throw failure;
  throw new HopbookError("NODE_UNREACHABLE", `Cannot ask ${node}: there is no access to it`, {
    where: { node },
    detail: describeFailures(facts),
  });
}
