import type { End } from "../../model/cluster.js";
import type { ClusterFacts } from "../facts/gather.js";
import type { KubeFacts, Located } from "./locate-pod.js";
import { locateDoor, locateKubeEnd } from "./resolve-by-api.js";
import { parseEnd, withNamespace } from "../end-name.js";
import { nodeAddress, resolveByNodes, type ResolveOptions } from "./resolve-by-nodes.js";

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
  if (hasKube(facts)) {
    const { fromNode = null, fromIp, backend, signal, note = () => undefined } = options;
    const asked = { text, away: fromNode, fromIp, backend, signal, note };
    if (name.kind !== "node") return locateKubeEnd(name, facts, asked);
    const found = name.port === null ? null : await nodeAddress(name, facts, { ...options, text });
    const door = found === null ? null : await locateDoor({ ...found, port: name.port ?? 0 }, facts, asked);
    if (door !== null) return door;
  }
  const end = await resolveByNodes(name, facts, { ...options, text });
  return { node: end.node, finish: () => Promise.resolve(end), known: end };
}

function hasKube(facts: ClusterFacts): facts is KubeFacts {
  return facts.kube !== undefined;
}
