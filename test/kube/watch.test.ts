import t, { type Test } from "tap";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { KubeApi } from "../../lib/model/kube.js";
import { serve } from "./serve.js";

/** A server that answers as told, what it was asked, and the API at it. */
async function serveAsked(
  test: Test,
  answer: (response: ServerResponse, url: URL) => void,
): Promise<{ readonly api: KubeApi; readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const api = await serve(test, (request, response) => {
    asked.push(request);
    answer(response, new URL(request.url ?? "", "http://server"));
  });
  return { api, asked };
}

const PODS = { group: "", version: "v1", resource: "pods", namespace: "shop" } as const;
const LIST = { ...PODS, query: { labelSelector: "app=web" } };
const change = (type: string, resourceVersion: unknown): string =>
  JSON.stringify({ type, object: { metadata: { name: "web", resourceVersion } } });

t.test("a list's version, and its first change after that; metadata is all that is asked for", async (t) => {
  const { api, asked } = await serveAsked(t, (response, { searchParams }) => {
    if (!searchParams.has("watch")) {
      response.end(JSON.stringify({ metadata: { resourceVersion: "7" }, items: [] }));
      return;
    }
    // A change comes in pieces, and the answer stays open behind it.
    const text = change("ADDED", "9");
    response.write(text.slice(0, 20));
    setImmediate(() => response.write(`${text.slice(20)}\n${change("MODIFIED", "10")}\n`));
  });
  t.equal(await api.watch({ ...LIST, from: null }), "7");
  t.equal(await api.watch({ ...LIST, from: "7" }), "9");
  t.match(
    asked.map(({ url }) => url),
    [
      /^\/api\/v1\/namespaces\/shop\/pods\?labelSelector=app%3Dweb&limit=1$/,
      /^\/api\/v1\/namespaces\/shop\/pods\?labelSelector=app%3Dweb&watch=1&resourceVersion=7&timeoutSeconds=60$/,
    ],
  );
  t.match(
    asked.map(({ headers }) => headers.accept),
    [/as=PartialObjectMetadataList;/, /as=PartialObjectMetadata;/],
  );
});

t.test("no change, one that cannot be told, and answers of nobody's", async (t) => {
  const rows: readonly [string, string | null][] = [
    ["", "7"],
    [`${change("ERROR", "9")}\n`, null],
    ["<html>\n", null],
    ["null\n", null],
    [`${change("ADDED", { toString: 1 })}\n`, null],
    [`${change("ADDED", "7&watch=0")}\n`, null],
    ["x".repeat(5 * 1024 * 1024), null],
  ];
  for (const [body, version] of rows) {
    const { api } = await serveAsked(t, (response) => response.end(body));
    t.equal(await api.watch({ ...LIST, from: "7" }), version, body.slice(0, 40));
  }
  const { api } = await serveAsked(t, (response) => response.end("[]"));
  t.equal(await api.watch({ ...LIST, from: null }), null);
});

t.test("who may not watch, and who does not wait any more", async (t) => {
  const message = 'pods is forbidden: User "ann" cannot watch resource "pods" in API group ""';
  const { api } = await serveAsked(t, (response) => response.writeHead(403).end(JSON.stringify({ message })));
  await t.rejects(api.watch({ ...LIST, from: "7" }), {
    code: "KUBE_FORBIDDEN",
    message: `Cannot watch pods in shop: ${message}`,
  });
  const stop = new AbortController();
  const silent = await serveAsked(t, (response) => {
    response.writeHead(200).flushHeaders();
    stop.abort();
  });
  await t.rejects(silent.api.watch({ ...LIST, from: "7", signal: stop.signal }), { code: "INTERRUPTED" });
});
