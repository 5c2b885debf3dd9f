import type { ClusterFacts } from "../facts/gather.js";
import { findKubeService } from "../facts/service.js";
import { findServiceByIp } from "../facts/service-by-address.js";
import { parseEnd, withNamespace } from "../end-name.js";
import { readService } from "./resolve-service.js";

/** So many backends of a Service are followed side by side; each is a path with hops of its own. */
export const MAX_BACKENDS = 16;

interface BackendsOptions {
  /** The node whose NAT table says what a ClusterIP is, where the API is not asked. */
  readonly fromNode: string | null;
  readonly namespace: string | null;
  readonly signal?: AbortSignal | undefined;
  readonly note: (text: string) => void;
}

/**
 * Addresses of all ready backends of a Service, MAX_BACKENDS at most; none where the end is no Service. Throws as
 * locateEnd does.
 */
export async function listBackends(
  text: string,
  facts: ClusterFacts,
  options: BackendsOptions,
): Promise<readonly string[]> {
  const all = [...new Set(await findBackends(text, facts, options))];
  if (all.length > MAX_BACKENDS)
    options.note(`${text}: of ${all.length} backends the first ${MAX_BACKENDS} are followed`);
  return all.slice(0, MAX_BACKENDS);
}

async function findBackends(
  text: string,
  facts: ClusterFacts,
  { fromNode, namespace, signal }: BackendsOptions,
): Promise<readonly string[]> {
  const name = withNamespace(parseEnd(text), facts.profile.endNamespace ?? namespace);
  const { kube } = facts;
  if (kube === undefined) {
    if (name.kind !== "ip") return [];
    const table = await readService(name, facts, { text, fromNode, signal });
    return table?.endpoints.map(({ ip }) => ip) ?? [];
  }
  const query = { kube, text, signal, away: fromNode };
  if (name.kind === "service") {
    const wanted = { namespace: name.namespace ?? kube.namespace, name: name.name };
    return (await findKubeService(wanted, { ...query, port: name.port })).backends;
  }
  if (name.kind !== "ip") return [];
  return (await findServiceByIp(name.ip, { ...query, port: name.port }))?.backends ?? [];
}
