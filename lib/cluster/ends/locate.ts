import type { ClusterFacts } from "../facts/gather.js";
import type { Located } from "./locate-pod.js";
import { namespaceOf, parseEnd } from "../end-name.js";
import { listBackends } from "./backends.js";
import { locateEnd } from "./resolve.js";
import type { ResolveOptions } from "./resolve-by-nodes.js";

interface LocateOptions extends Omit<ResolveOptions, "fromNode" | "fromIp" | "namespace"> {
  /** Of a Service each of its backends is an end by itself. */
  readonly allBackends?: boolean;
}

/**
 * Where the ends of paths are, `from` first. Where one of them may be any of several pods, one on another node than the
 * other end is taken, so that the path goes through the network between. Throws as resolveEnd does.
 */
export async function locateEnds(
  ends: { readonly from: string; readonly to: readonly string[] },
  facts: ClusterFacts,
  given: LocateOptions = {},
): Promise<readonly [Located, ...Located[]]> {
  const [first] = ends.to;
  // Who names shop/client and svc/web means the one beside it.
  const options = { ...given, namespace: namespaceOf(ends.from) };
  // `from` is settled by `to` only where there is a choice here and none there.
  if (first !== undefined && isChoice(ends.from) && isOne(first)) {
    const to = await locateEnd(first, facts, options);
    const from = await locateEnd(ends.from, facts, {
      ...{ ...options, backend: undefined },
      fromNode: to.node,
    });
    return [from, to, ...(await locateAll(ends.to.slice(1), facts, { ...options, fromNode: from.node }))];
  }
  const from = await locateEnd(ends.from, facts, { ...options, backend: undefined });
  const sender = { fromNode: from.node, fromIp: from.known?.ip };
  return [from, ...(await locateAll(ends.to, facts, { ...options, ...sender }))];
}

async function locateAll(
  texts: readonly string[],
  facts: ClusterFacts,
  options: ResolveOptions & Pick<LocateOptions, "allBackends">,
): Promise<Located[]> {
  const { allBackends = false, fromNode = null, namespace = null, signal, note = () => undefined } = options;
  const located: Located[] = [];
  for (const text of texts) {
    const backends = allBackends
      ? await listBackends(text, facts, { fromNode, namespace, signal, note })
      : [];
    for (const backend of backends.length === 0 ? [options.backend] : backends)
      located.push(await locateEnd(text, facts, { ...options, backend }));
  }
  return located;
}

export function isChoice(text: string): boolean {
  return ["workload", "selector"].includes(parseEnd(text).kind);
}

export function isOne(text: string): boolean {
  return ["pod", "node"].includes(parseEnd(text).kind);
}
