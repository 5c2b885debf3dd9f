import t, { type Test } from "tap";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openKube } from "../../lib/kube/index.js";
import type { KubeApi } from "../../lib/model/kube.js";

/** A server that answers as told, what it was asked, and the API at it. */
async function serve(
  test: Test,
  answer: (response: ServerResponse, url: URL) => void,
): Promise<{ readonly api: KubeApi; readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(response, new URL(request.url ?? "", "http://server"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config = JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": "here" },
    clusters: [
      { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "u", user: { token: "ticket" } }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u", namespace: "shop" } }],
  });
  return { api: openKube({ kubeconfig: [join(test.testdir({ config }), "config")] }), asked };
}

const PODS = { group: "", version: "v1", resource: "pods", namespace: "shop" } as const;
const LIST = { ...PODS, query: { labelSelector: "app=web" } };
const change = (type: string, resourceVersion: unknown): string =>
  JSON.stringify({ type, object: { metadata: { name: "web", resourceVersion } } });

t.test("a list's version, and its first change after that; metadata is all that is asked for", async (t) => {
  const { api, asked } = await serve(t, (response, { searchParams }) => {
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
    const { api } = await serve(t, (response) => response.end(body));
    t.equal(await api.watch({ ...LIST, from: "7" }), version, body.slice(0, 40));
  }
  const { api } = await serve(t, (response) => response.end("[]"));
  t.equal(await api.watch({ ...LIST, from: null }), null);
});

t.test("who may not watch, and who does not wait any more", async (t) => {
  const message = 'pods is forbidden: User "ann" cannot watch resource "pods" in API group ""';
  const { api } = await serve(t, (response) => response.writeHead(403).end(JSON.stringify({ message })));
  await t.rejects(api.watch({ ...LIST, from: "7" }), {
    code: "KUBE_FORBIDDEN",
    message: `Cannot watch pods in shop: ${message}`,
  });
  const stop = new AbortController();
  const silent = await serve(t, (response) => {
    response.writeHead(200).flushHeaders();
    stop.abort();
  });
  await t.rejects(silent.api.watch({ ...LIST, from: "7", signal: stop.signal }), { code: "INTERRUPTED" });
});
