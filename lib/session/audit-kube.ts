import type { TranscriptEntry } from "../artifacts/index.js";
import { asHopbookError } from "../errors.js";
import type { KubeReader, KubeRequest } from "../model/kube.js";

/** The same API, all that it is asked taken down: the request in RBAC's words and how it ended, never an answer. */
export function auditKube(api: KubeReader, record: (entry: TranscriptEntry) => void): KubeReader {
  const note = (request: Omit<KubeRequest, "verb"> & { readonly verb?: string }, code: string): void => {
    const { verb = "list", group, resource, subresource, namespace, name, query } = request;
    const isTried = query?.["dryRun"] !== undefined;
    record({
      ...{ type: "event", at: new Date().toISOString(), name: "kube" },
      data: {
        ...{ verb, group, resource: subresource === undefined ? resource : `${resource}/${subresource}` },
        ...{ namespace: namespace ?? null, object: name ?? null, code },
        ...(isTried ? { dryRun: true } : {}),
      },
    });
  };
  const watch = async <T>(
    request: Omit<KubeRequest, "verb"> & { readonly verb?: string },
    answer: Promise<T>,
  ): Promise<T> => {
    try {
      const value = await answer;
      note(request, "ok");
      return value;
    } catch (error) {
      note(request, asHopbookError(error).code);
      throw error;
    }
  };
  return {
    ...api,
    request: (request) => watch(request, api.request(request)),
    list: (request, maxItems) => watch(request, api.list(request, maxItems)),
  };
}
