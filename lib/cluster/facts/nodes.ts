import type { NodeTarget } from "../../model/access.js";
import type { KubeReader } from "../../model/kube.js";
import { readKubeNode } from "./objects.js";

/** A node to which no way is chosen yet. */
export type ListedNode = Omit<NodeTarget, "access">;

/** All nodes that the API has. Rejects with what it says where they may not be listed. */
export async function listKubeNodes(
  kube: KubeReader,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly ListedNode[]> {
  const items = await kube.list({ group: "", version: "v1", resource: "nodes", ...options });
  return items.flatMap((item) => readKubeNode(item) ?? []);
}

/**
 * The nodes of a profile, each with what the API says of it. One that the API does not have may be down for good; to
 * enter it is still the operator's word.
 */
export function withKubeFacts(
  own: Iterable<Pick<ListedNode, "name" | "address">>,
  listed: readonly ListedNode[],
): readonly ListedNode[] {
  const found = new Map(listed.map((node) => [node.name, node]));
  return Array.from(own, ({ name, address }) => ({
    ...(found.get(name) ?? { name }),
    ...(address === undefined ? {} : { address }),
  }));
}
