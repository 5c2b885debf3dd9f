import type { KubeApi, KubeRef, KubeRequest } from "../model/kube.js";
import { readKubeConfig } from "./config.js";
import { endpointOf } from "./endpoint.js";
import { describeRequest, kubeError, placeError, refusal, transportError } from "./errors.js";
import { PluginCredentials } from "./exec-credentials.js";
import { boundExecPlugins } from "./exec-plugin.js";
import { openExec } from "./exec.js";
import { createHttp, type HttpAnswer } from "./http.js";
import { buildPath, METHODS } from "./path.js";
import { askAbout } from "./about.js";
import { ServerClock } from "./server-clock.js";
import { watchOnce } from "./watch.js";

const DEFAULT_TIMEOUT_MS = 10_000;
const METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const PAGE_ITEMS = 500;
const MAX_ITEMS = 20_000;
/** A server may give pages of nothing for ever. */
const MAX_PAGES = 1_000;

/**
 * The API of the cluster that a reference means; nothing is asked yet. What plugins give for it goes to `credentials`. Throws
 * as readKubeConfig does.
 */
export function openKube(ref: KubeRef, credentials = new PluginCredentials()): KubeApi {
  const config = boundExecPlugins(readKubeConfig(ref), credentials);
  const context = config.getContextObject(config.currentContext);
  const clock = new ServerClock();
  const send = createHttp(config, credentials);
  const http: typeof send = async (wanted) => {
    const sentAtMs = Date.now();
    const answer = await send(wanted);
    clock.hear(answer.headers.date, { sentAtMs, receivedAtMs: Date.now() });
    return answer;
  };
  const request = async <T>(wanted: KubeRequest): Promise<T> => {
    const doing = describeRequest(wanted);
    const timeout = AbortSignal.timeout(wanted.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = wanted.signal === undefined ? timeout : AbortSignal.any([timeout, wanted.signal]);
    let answer: HttpAnswer;
    try {
      answer = await http({
        method: METHODS[wanted.verb],
        path: buildPath(wanted),
        signal,
        ...(wanted.body === undefined ? {} : { body: JSON.stringify(wanted.body) }),
        ...contentTypeOf(wanted),
        ...(wanted.metadataOnly === true ? { accept: METADATA_ONLY } : {}),
      });
    } catch (error) {
      throw transportError(error, { doing, timeout, signal: wanted.signal });
    }
    if (answer.code < 200 || answer.code > 299) throw refusal(doing, answer.code, answer.body);
    return parseBody(answer, doing) as T;
  };
  const list: KubeApi["list"] = async <T>(
    wanted: Omit<KubeRequest, "verb" | "name" | "body">,
    maxItems = MAX_ITEMS,
  ): Promise<readonly T[]> => {
    const doing = describeRequest({ ...wanted, verb: "list" });
    const items: T[] = [];
    let next = "";
    let pages = 0;
    do {
      const query = {
        ...wanted.query,
        limit: String(PAGE_ITEMS),
        ...(next === "" ? {} : { continue: next }),
      };
      const page = readPage<T>(await request<unknown>({ ...wanted, verb: "list", query }), doing);
      for (const item of page.items) items.push(item);
      next = page.next;
      pages += 1;
      if (items.length > maxItems)
        throw kubeError("KUBE_REFUSED", doing, `there are more than ${maxItems} of them`);
      if (pages >= MAX_PAGES && next !== "")
        throw kubeError("KUBE_REFUSED", doing, `the list has no end: ${MAX_PAGES} pages were read`);
    } while (next !== "");
    return items;
  };
  const asked = {
    server: config.getCurrentCluster()?.server ?? "",
    context: config.currentContext,
    user: context?.user ?? "",
  };
  const placed = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw placeError(error, asked);
    }
  };
  return {
    ref,
    ...asked,
    cluster: context?.cluster ?? "",
    endpoint: endpointOf(config),
    namespace: ref.namespace ?? context?.namespace ?? "default",
    request: (wanted) => placed(request(wanted)),
    list: (wanted, maxItems) => placed(list(wanted, maxItems)),
    watch: (wanted) => placed(watchOnce(http, wanted)),
    about: (options = {}) => placed(askAbout(http, options)),
    nowMs: () => Date.now() + clock.offsetMs,
    exec: (wanted) => placed(openExec(config, { http, request: wanted })),
  };
}

function contentTypeOf({ verb, contentType }: KubeRequest): { readonly contentType?: string } {
  if (contentType !== undefined) return { contentType };
  return verb === "patch" ? { contentType: "application/strategic-merge-patch+json" } : {};
}

/** An object, whatever the server sends: what is read of it is looked at one by one. */
function parseBody({ body }: HttpAnswer, doing: string): object {
  let value: unknown;
  try {
    value = body === "" ? {} : (JSON.parse(body) as unknown);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null) return value;
  throw kubeError("KUBE_UNREACHABLE", doing, "the answer is no JSON object: is the server a cluster's API?");
}

function readPage<T>(page: unknown, doing: string): { readonly items: readonly T[]; readonly next: string } {
  const { items = [], metadata } = page as { items?: unknown; metadata?: { continue?: unknown } | null };
  // Go has null for a list that is empty.
  if (items !== null && !Array.isArray(items))
    throw kubeError("KUBE_UNREACHABLE", doing, "the answer is no list: is the server a cluster's API?");
  const next = metadata?.continue;
  return { items: (items ?? []) as readonly T[], next: typeof next === "string" ? next : "" };
}
