import { RECIPE_DIR } from "../catalogue/places.js";
import { loadNamings, trimKubeObject } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { KubeReader, KubeRequest } from "../model/kube.js";
import { findKubeDenial, type Grant } from "../permissions/index.js";

type Asked = Omit<KubeRequest, "verb"> & { readonly verb?: KubeRequest["verb"] };

/** The same API, of which nothing is asked that the operator of the cluster or a flag denies. */
export function refuseDenied<T extends KubeReader>(kube: T, grant: Grant): T {
  const judge = judgeBy(grant);
  return {
    ...kube,
    async request<R>(request: KubeRequest) {
      judge(request);
      return kube.request<R>(request);
    },
    async list<R>(request: Omit<KubeRequest, "verb" | "name" | "body">, maxItems?: number) {
      judge(request);
      return kube.list<R>(request, maxItems);
    },
    async watch(request) {
      // It tells of the same.
      judge(request);
      judge({ ...request, verb: "watch" });
      return kube.watch(request);
    },
  };
}

function judgeBy(grant: Grant): (asked: Asked) => void {
  return ({ verb = "list", resource, subresource, namespace }) => {
    const what = subresource === undefined ? resource : `${resource}/${subresource}`;
    const request = { verb, resource: what, namespace: namespace ?? null };
    const by = findKubeDenial(grant, request);
    if (by === null) return;
    const where = namespace === undefined ? "" : ` in ${namespace}`;
    throw new HopbookError("PERMISSION_DENIED", `Cannot ${verb} ${what}${where}: it is denied by ${by}`, {
      hint: "Take back the refusal, or name a cluster profile that lists its nodes and has no kube",
    });
  };
}

/**
 * The cluster's API as facts are read from it: what the operator of the cluster or a flag denies is not asked, and of
 * what comes back only what is looked at goes on.
 */
export function guardKube(
  kube: KubeReader,
  grant: Grant,
  recipeDirs: readonly string[] = [RECIPE_DIR],
): KubeReader {
  const asked = refuseDenied(kube, grant);
  let loading: Promise<readonly string[]> | undefined;
  const loadDomains = (): Promise<readonly string[]> => {
    loading ??= loadNamings(recipeDirs).then((all) => all.flatMap(({ annotations = [] }) => annotations));
    return loading;
  };
  return {
    ...asked,
    async request<T>(request: KubeRequest) {
      const answer = await asked.request<T>(request);
      if (request.verb !== "get") return answer;
      return trimKubeObject(answer, { keep: request.keep, annotations: await loadDomains() }) as T;
    },
    async list<T>(request: Omit<KubeRequest, "verb" | "name" | "body">, maxItems?: number) {
      const items = await asked.list<T>(request, maxItems);
      const options = { keep: request.keep, annotations: await loadDomains() };
      return items.map((item) => trimKubeObject(item, options) as T);
    },
  };
}
