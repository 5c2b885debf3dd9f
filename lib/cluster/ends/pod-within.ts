import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { End } from "../../model/cluster.js";
import type { ClusterFacts } from "../facts/gather.js";
import { byFamilies } from "./family.js";
import { unknownNode } from "./unknown-node.js";
import { runOnNode } from "../run.js";
import { parseOwnAddresses } from "../../linux/proc-addresses.js";

/**
 * The addresses of a pod by what it says itself, for users who may enter pods and not read them: /proc/net alone, since
 * an image may lack ip(8). IPv4 first; none of loopback, none of the link. Throws TARGET_NOT_FOUND where there is none.
 */
async function askPodAddresses(access: GuardedAccess, signal?: AbortSignal): Promise<readonly string[]> {
  const argv: Argv = ["cat", "/proc/net/fib_trie", "/proc/net/if_inet6"];
  const doing = "ask for the pod's address";
  // Without IPv6 the second file is not there, and cat fails with what it has read.
  const result = await runOnNode(access, argv, { action: "netns/read", doing, signal });
  const ips = parseOwnAddresses(result.stdout.toString("utf8"));
  if (ips.length > 0) return ips;
  throw new HopbookError("TARGET_NOT_FOUND", `Cannot tell the address of ${access.node}: it names none`, {
    where: { node: access.node, argv },
    hint: "Check whether the pod has a network: kubectl exec POD -- cat /proc/net/fib_trie",
  });
}

/** A pod as an end where it may be entered and not read: by its own word; null where that is not how it is. */
export async function endFromWithin(
  error: unknown,
  pod: { readonly namespace: string; readonly name: string; readonly port: number | null },
  {
    facts,
    text,
    signal,
  }: { readonly facts: ClusterFacts; readonly text: string; readonly signal?: AbortSignal | undefined },
): Promise<End | null> {
  const id = `${pod.namespace}/${pod.name}`;
  const target = facts.profile.nodes.find((each) => each.pod === id)?.name;
  const access = target === undefined ? undefined : facts.accesses.get(target);
  const isForbidden = error instanceof HopbookError && error.code === "KUBE_FORBIDDEN";
  if (!isForbidden || target === undefined || access === undefined) return null;
  const [ip = "", ...more] = await askPodAddresses(access, signal);
  const { port } = pod;
  return {
    ...{ kind: "pod", text, pod: id, node: unknownNode(id), target, ...byFamilies([ip, ...more], port) },
    ...{ netns: { kind: "own" }, hostNetwork: false, cniHostInterfaces: [] },
  };
}
