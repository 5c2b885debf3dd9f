import { HopbookError } from "../../errors.js";
import type { End } from "../../model/cluster.js";
import type { KubeReader } from "../../model/kube.js";
import { describeFailures, type ClusterFacts } from "../facts/gather.js";
import type { KubePod } from "../facts/objects.js";
import type { KubeQuery } from "../facts/pods.js";
import { findSandbox } from "../runtime/inspect.js";
import { nameOf } from "./choose-pod.js";
import { byFamilies } from "./family.js";

/** Facts where the API is there to be asked. */
export type KubeFacts = ClusterFacts & { readonly kube: KubeReader };

export interface KubeResolveOptions {
  readonly text: string;
  /** The node of the other end: where there is a choice, one that is elsewhere is taken. */
  readonly away: string | null;
  /** The sender's own address, by which its node may keep it to one backend. */
  readonly fromIp?: string | null | undefined;
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

export interface Asking {
  readonly facts: KubeFacts;
  readonly query: KubeQuery;
  readonly options: KubeResolveOptions;
}

/** A pod as an end: its address by the API, its network namespace by its node's runtime. */
export function locatePod(place: Place, asking: Asking): Located {
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
