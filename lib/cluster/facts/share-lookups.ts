import type { KubeReader, KubeRequest } from "../../model/kube.js";

/**
 * The same API, of which nothing is asked twice: what one part wants to know while another asks it, or after it was
 * told, is one request. For one look at a cluster, within which nothing is expected to change.
 */
export function shareLookups<T extends KubeReader>(api: T): T {
  const known = new Map<string, Promise<unknown>>();
  const once = <R>(key: string, ask: () => Promise<R>): Promise<R> => {
    const found = known.get(key);
    if (found !== undefined) return found as Promise<R>;
    const asked = ask();
    known.set(key, asked);
    // Another try may do better.
    asked.catch(() => known.get(key) === asked && known.delete(key));
    return asked;
  };
  return {
    ...api,
    request: (request: KubeRequest) =>
      isLookup(request) ? once(keyOf(request), () => api.request(request)) : api.request(request),
    list: (request: Omit<KubeRequest, "verb" | "name" | "body">, maxItems?: number) =>
      once(`${keyOf({ ...request, verb: "list" })} ${String(maxItems)}`, () => api.list(request, maxItems)),
  };
}

/** A review of a right changes nothing; a dry run may be another one each time. */
function isLookup({ verb, resource }: KubeRequest): boolean {
  return verb === "get" || verb === "list" || (verb === "create" && resource === "selfsubjectaccessreviews");
}

function keyOf(request: KubeRequest): string {
  const { verb, group, version, resource, subresource, namespace, name, query, body } = request;
  return JSON.stringify([verb, group, version, resource, subresource, namespace, name, query, body]);
}
