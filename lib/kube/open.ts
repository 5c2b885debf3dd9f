import type { KubeApi, KubeRef, KubeRequest } from "../model/kube.js";
import { readKubeConfig, type KubeEnvironment } from "./config.js";
import { describeRequest, kubeError, refusal, transportError, type KubeStatus } from "./errors.js";
import { boundExecPlugins } from "./exec-plugin.js";
import { openExec } from "./exec.js";
import { createHttp, type HttpAnswer } from "./http.js";
import { buildPath, METHODS } from "./path.js";
import { askAbout } from "./about.js";

const DEFAULT_TIMEOUT_MS = 10_000;
const PAGE_ITEMS = 500;
const MAX_ITEMS = 20_000;

/** The API of the cluster that a reference means; nothing is asked yet. Throws as readKubeConfig does. */
export function openKube(ref: KubeRef, environment?: KubeEnvironment): KubeApi {
  const config = boundExecPlugins(readKubeConfig(ref, environment));
  const context = config.getContextObject(config.currentContext);
  const http = createHttp(config);
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
      });
    } catch (error) {
      throw transportError(error, { doing, timeout, signal: wanted.signal });
    }
    const body = parseBody(answer, doing);
    if (answer.code < 200 || answer.code > 299) throw refusal(doing, answer.code, body as KubeStatus);
    return body as T;
  };
  const list: KubeApi["list"] = async <T>(
    wanted: Omit<KubeRequest, "verb" | "name" | "body">,
    maxItems = MAX_ITEMS,
  ): Promise<readonly T[]> => {
    const items: T[] = [];
    let next: string | undefined;
    do {
      const query = { ...wanted.query, limit: String(PAGE_ITEMS), ...(next ? { continue: next } : {}) };
      const page = await request<{ items?: T[]; metadata?: { continue?: string } }>({
        ...wanted,
        verb: "list",
        query,
      });
      items.push(...(page.items ?? []));
      next = page.metadata?.continue;
      if (items.length > maxItems) {
        const doing = describeRequest({ ...wanted, verb: "list" });
        throw kubeError("KUBE_REFUSED", doing, `there are more than ${maxItems} of them`);
      }
    } while (next !== undefined && next !== "");
    return items;
  };
  return {
    ref,
    context: config.currentContext,
    cluster: context?.cluster ?? "",
    user: context?.user ?? "",
    server: config.getCurrentCluster()?.server ?? "",
    namespace: ref.namespace ?? context?.namespace ?? "default",
    request,
    list,
    about: (options = {}) => askAbout(http, options),
    exec: (wanted) => openExec(config, { http, request: wanted }),
  };
}

function contentTypeOf({ verb, contentType }: KubeRequest): { readonly contentType?: string } {
  if (contentType !== undefined) return { contentType };
  return verb === "patch" ? { contentType: "application/strategic-merge-patch+json" } : {};
}

function parseBody({ body, code }: HttpAnswer, doing: string): unknown {
  try {
    return body === "" ? {} : (JSON.parse(body) as unknown);
  } catch {
    if (code > 299) return { message: body.slice(0, 500) };
    throw kubeError("KUBE_UNREACHABLE", doing, "the answer is no JSON: is the server a cluster's API?");
  }
}
