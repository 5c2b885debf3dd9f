import { HopbookError } from "../../errors.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { End, Pod } from "../../model/cluster.js";
import { describeFailures, type ClusterFacts } from "../facts/gather.js";
import { inspectPod, inspectPods } from "../runtime/inspect.js";
import { byFamilies, ofOneFamily } from "./family.js";
import { nodeEnd, outsideEnd, spread } from "./kinds.js";
import { locateKubeEnd, type KubeFacts, type Located } from "./resolve-by-api.js";
import { showText } from "../names.js";
import { askNodeAddress } from "./node-address.js";
import { parseEnd, withNamespace, type EndName } from "../end-name.js";
import { ambiguousPods, podNotFound, targetNotFound } from "./not-found.js";
import type { PodSummary } from "../runtime/sandboxes.js";
import { resolveService } from "./resolve-service.js";
import { canonicalIp } from "../../linux/address.js";

export interface ResolveOptions {
  /** The node whose NAT table says what a ClusterIP is: the one that sends. Default: the first that answers. */
  readonly fromNode?: string | null | undefined;
  /** What an end without a namespace is in. Default: `-n`'s, else that of the API's context. */
  readonly namespace?: string | null | undefined;
  /** `namespace/name` of the pod to follow where a service has several. */
  readonly backend?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is worth a word: a choice that was made, what may not be read. */
  readonly note?: (text: string) => void;
}

/**
 * An end of a flow as the user wrote it, found on the nodes: `ns/pod[:port]`, `node/NAME[:port]`, an
 * address with or without a port. An address that is a pod's is that pod, one that is a node's is that node,
 * one that is a ClusterIP is that service; any other is outside the cluster.
 *
 * Throws INPUT_INVALID, TARGET_NOT_FOUND (with the near names and the nodes that were not asked),
 * TARGET_AMBIGUOUS, or what the node's runtime or access says.
 */
export async function resolveEnd(
  text: string,
  facts: ClusterFacts,
  options: ResolveOptions = {},
): Promise<End> {
  return (await locateEnd(text, facts, options)).finish();
}

/** The same in two: first where it is, by the API where there is one, then what its node says of it. */
export async function locateEnd(
  text: string,
  facts: ClusterFacts,
  options: ResolveOptions = {},
): Promise<Located> {
  const { namespace = null } = options;
  const name = withNamespace(parseEnd(text), facts.profile.endNamespace ?? namespace);
  if (name.kind !== "node" && hasKube(facts)) {
    const { fromNode = null, backend, signal, note = () => undefined } = options;
    return locateKubeEnd(name, facts, { text, away: fromNode, backend, signal, note });
  }
  const end = await resolveByNodes(name, facts, { ...options, text });
  return { node: end.node, finish: () => Promise.resolve(end), known: end };
}

async function resolveByNodes(
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

function hasKube(facts: ClusterFacts): facts is KubeFacts {
  return facts.kube !== undefined;
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
  const node = facts.profile.nodes.find((candidate) => candidate.name === name.name);
  if (node === undefined) throw targetNotFound(options.text, name.name, facts);
  const access = accessOf(facts, node.name);
  const address = canonicalIp(node.address ?? "");
  const ip = address ?? (await askNodeAddress(access, options.signal));
  return nodeEnd({ text: options.text, node: node.name, ip, port: name.port });
}

async function resolveAddress(
  address: { readonly ip: string; readonly port: number | null },
  facts: ClusterFacts,
  options: ResolveOptions & { readonly text: string },
): Promise<End> {
  const { text, signal } = options;
  const node = facts.profile.nodes.find((candidate) => canonicalIp(candidate.address ?? "") === address.ip);
  if (node !== undefined) return nodeEnd({ text, node: node.name, ...address });
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
  const service = await resolveService(address, facts, options);
  if (service === null) return outsideEnd(text, address);
  const { clusterIp, backend, otherBackends } = service;
  const kind = { kind: "service" as const, service: service.name };
  // What is sent to the ClusterIP may go to any backend.
  const sentTo = otherBackends > 0 ? backend : clusterIp;
  const [backendPod, second] = await findPodsByAddress(backend.ip, facts, options);
  if (second !== undefined)
    throw ambiguousPods(
      text,
      [backendPod, second].filter((pod) => pod !== undefined),
    );
  const addresses = [clusterIp, backend];
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

/** Pods with a network of their own that have the address; every node's pods are inspected for it. */
async function findPodsByAddress(
  ip: string,
  facts: ClusterFacts,
  options: ResolveOptions,
): Promise<PodSummary[]> {
  const lists = await Promise.all(
    [...facts.accesses].map(async ([node, access]) => {
      const summaries = facts.pods.filter((pod) => pod.node === node);
      if (summaries.length === 0) return [];
      const endpoint = facts.profile.runtimeEndpoint;
      const pods = await inspectPods(access, summaries, { endpoint, signal: options.signal });
      return summaries.filter((_, index) => {
        const pod = pods[index];
        return pod !== undefined && pod !== null && !pod.hostNetwork && pod.ips.includes(ip);
      });
    }),
  );
  return lists.flat();
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
