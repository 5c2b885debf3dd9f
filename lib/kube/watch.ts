import type { KubeWatchRequest } from "../model/kube.js";
import { describeRequest, refusal, transportError } from "./errors.js";
import type { HttpAnswer, HttpRequest } from "./http.js";
import { buildPath } from "./path.js";

/** Nothing but metadata: what an object holds does not leave the server for this. */
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const VERSION_MS = 10_000;
const LASTS_S = 60;
/** The server ends it; this is for one that does not. */
const MARGIN_MS = 5000;
const MOST_CHARS = 4 * 1024 * 1024;

type Http = (request: HttpRequest) => Promise<HttpAnswer>;

/**
 * One change of a list, or its version by now, as KubeApi's `watch` says
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes).
 */
export function watchOnce(http: Http, wanted: KubeWatchRequest): Promise<string | null> {
  return wanted.from === null
    ? askVersion(http, wanted)
    : waitForChange(http, { ...wanted, from: wanted.from });
}

async function askVersion(http: Http, wanted: KubeWatchRequest): Promise<string | null> {
  const timeout = AbortSignal.timeout(VERSION_MS);
  const query = { ...wanted.query, limit: "1" };
  const sent = { accept: METADATA_LIST, query, timeout, also: [] };
  const { body } = await send(http, wanted, sent);
  return versionOf(parse(body));
}

async function waitForChange(
  http: Http,
  wanted: KubeWatchRequest & { readonly from: string },
): Promise<string | null> {
  const found = new AbortController();
  const timeout = AbortSignal.timeout(LASTS_S * 1000 + MARGIN_MS);
  const query = {
    ...wanted.query,
    ...{ watch: "1", resourceVersion: wanted.from, timeoutSeconds: String(LASTS_S) },
  };
  let text = "";
  let change: unknown = null;
  const onChunk = (chunk: Buffer): void => {
    text += chunk.toString("utf8");
    const end = text.indexOf("\n");
    if (end < 0 && text.length < MOST_CHARS) return;
    change = parse(text.slice(0, Math.max(0, end)));
    found.abort();
  };
  try {
    await send(http, wanted, { accept: METADATA, query, timeout, also: [found.signal], onChunk });
  } catch (error) {
    if (!found.signal.aborted) throw error;
  }
  // The server ended it.
  if (!found.signal.aborted) return wanted.from;
  const { type, object } = Object(change) as { readonly type?: unknown; readonly object?: unknown };
  // What it was to begin with is too old by now.
  return type === "ERROR" ? null : versionOf(object);
}

interface Sent {
  readonly accept: string;
  readonly query: Readonly<Record<string, string>>;
  readonly timeout: AbortSignal;
  readonly also: readonly AbortSignal[];
  readonly onChunk?: (chunk: Buffer) => void;
}

async function send(http: Http, wanted: KubeWatchRequest, sent: Sent): Promise<HttpAnswer> {
  const { accept, query, timeout, also, onChunk } = sent;
  const doing = describeRequest({ ...wanted, verb: "watch" });
  const own = wanted.signal === undefined ? [] : [wanted.signal];
  let answer: HttpAnswer;
  try {
    answer = await http({
      ...{ method: "GET", path: buildPath({ ...wanted, verb: "watch", query }), accept },
      signal: AbortSignal.any([timeout, ...also, ...own]),
      ...(onChunk === undefined ? {} : { onChunk }),
    });
  } catch (error) {
    throw transportError(error, { doing, timeout, signal: wanted.signal });
  }
  if (answer.code < 200 || answer.code > 299) throw refusal(doing, answer.code, answer.body);
  return answer;
}

function versionOf(value: unknown): string | null {
  const { metadata } = Object(value) as { readonly metadata?: unknown };
  const { resourceVersion } = Object(metadata) as { readonly resourceVersion?: unknown };
  return typeof resourceVersion === "string" && /^[0-9A-Za-z._-]{1,64}$/.test(resourceVersion)
    ? resourceVersion
    : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
