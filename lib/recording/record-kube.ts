import type { Argv } from "../model/access.js";
import type { KubeReader, KubeRequest, KubeWatchRequest } from "../model/kube.js";
import type { Recording } from "./counter.js";
import { recordError } from "./errors.js";

type Asked = Omit<KubeRequest, "verb"> & { readonly verb?: string };

/** Records each answer of a cluster's API, or why there was none. */
export function recordKube(kube: KubeReader, { writer, count }: Recording): KubeReader {
  const record = async <T>(asked: Asked, ask: () => Promise<T>): Promise<T> => {
    const start = count.next();
    const startedMs = Date.now();
    const end = () => ({
      ...{ start, end: count.next(), node: "", action: KUBE_ACTION, argv: wordsOf(asked) },
      ...{ startedAt: new Date(startedMs).toISOString(), durationMs: Date.now() - startedMs },
    });
    try {
      const value = await ask();
      const answer = writer.keep(Buffer.from(JSON.stringify(value) ?? "null", "utf8"));
      writer.append({ type: "kube", ...end(), answer, error: null });
      return value;
    } catch (error) {
      writer.append({ type: "kube", ...end(), answer: { text: "" }, error: recordError(error) });
      throw error;
    }
  };
  return {
    ...kube,
    request: (request) => record(request, () => kube.request(request)),
    list: (request, maxItems) => record(request, () => kube.list(request, maxItems)),
    watch: (request) => record(watchAsked(request), () => kube.watch(request)),
  };
}

/** As it is asked for: what changes from that version on. */
export function watchAsked({ from, ...request }: KubeWatchRequest): Asked {
  return { ...request, verb: "watch", query: { ...request.query, resourceVersion: from ?? "" } };
}

export const KUBE_ACTION = "kube/read";

/** A request in words: what a recording knows it by, and what an error shows. */
export function wordsOf({
  verb = "list",
  group,
  resource,
  subresource,
  namespace,
  name,
  query,
}: Asked): Argv {
  const what = [resource, subresource].filter((part) => part !== undefined).join("/");
  const entries = Object.entries(query ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    verb,
    group === "" ? what : `${what}.${group}`,
    ...(namespace === undefined ? [] : ["-n", namespace]),
    ...(name === undefined ? [] : [name]),
    ...entries.sort(),
  ];
}
