import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { PluginCredentials } from "../../lib/kube/exec-credentials.js";
import { openKube } from "../../lib/kube/open.js";
import type { KubeApi } from "../../lib/model/kube.js";

/** Programs that a kubeconfig names for credentials: how often they are run. */

interface Plugin {
  /** The API, opened anew from the kubeconfig. */
  open(): KubeApi;
  runs(): number;
  /** Authorization of each request that was answered, in order. */
  readonly seen: (string | undefined)[];
  /** Tokens that the server does not take. */
  readonly refused: Set<string>;
}

async function makePlugin(test: Test, body: string): Promise<Plugin> {
  const refused = new Set<string>();
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    const code = refused.has(request.headers.authorization ?? "") ? 401 : 200;
    response.writeHead(code).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const dir = test.testdir({ log: "" });
  const log = join(dir, "log");
  const command = join(dir, "plugin");
  writeFileSync(command, `#!/bin/sh\necho run >>'${log}'\nn=$(wc -l <'${log}')\n${body}\n`, { mode: 0o755 });
  const { port } = server.address() as AddressInfo;
  const config = join(dir, "config");
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command, args: [], interactiveMode: "Never" };
  const text = JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": "here" },
    clusters: [
      { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "u", user: { exec } }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
  });
  writeFileSync(config, text);
  const credentials = new PluginCredentials();
  return {
    ...{ seen, refused, open: () => openKube({ kubeconfig: [config] }, credentials) },
    runs: () => readFileSync(log, "utf8").split("\n").length - 1,
  };
}

/** Prints a credential whose token is the run's number; with $until, when it is over. */
const GIVE = `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t%s"%s}}' "$n" "\${until:+,\\"expirationTimestamp\\":\\"$until\\"}"`;
const get = (api: KubeApi): Promise<unknown> =>
  api.request({ verb: "get", group: "", version: "v1", resource: "pods", namespace: "shop", name: "web" });

t.test("one that does not say until when: once, for all who ask", async (t) => {
  const plugin = await makePlugin(t, GIVE);
  const apis = [plugin.open(), plugin.open(), plugin.open()];
  await Promise.all(apis.map(get));
  await Promise.all([...apis, plugin.open()].map(get));
  t.equal(plugin.runs(), 1);
  t.strictSame(new Set(plugin.seen), new Set(["Bearer t1"]));
});

t.test("again when what it gave is over", async (t) => {
  const script = `until=$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%S.%NZ | cut -c1-23)Z\n${GIVE}`;
  const plugin = await makePlugin(t, script);
  await get(plugin.open());
  await get(plugin.open());
  t.equal(plugin.runs(), 1);
  await sleep(1_100);
  await Promise.all([get(plugin.open()), get(plugin.open())]);
  t.equal(plugin.runs(), 2);
  t.equal(plugin.seen.at(-1), "Bearer t2");
});

t.test("again when the server refuses what it gave, and no more often than that", async (t) => {
  const plugin = await makePlugin(t, GIVE);
  await get(plugin.open());
  plugin.refused.add("Bearer t1");
  await get(plugin.open());
  t.strictSame([plugin.runs(), plugin.seen], [2, ["Bearer t1", "Bearer t1", "Bearer t2"]]);
  plugin.refused.add("Bearer t2").add("Bearer t3");
  await t.rejects(get(plugin.open()), { code: "KUBE_UNAUTHORISED" });
  t.equal(plugin.runs(), 3);
});

t.test("one that fails is told, and asked again the next time", async (t) => {
  const plugin = await makePlugin(t, 'if [ "$n" -eq 1 ]; then echo "log in first" >&2; exit 1; fi\n' + GIVE);
  const first = await Promise.allSettled([get(plugin.open()), get(plugin.open())]);
  for (const each of first) {
    t.match(each, {
      status: "rejected",
      reason: { code: "KUBE_UNAUTHORISED", message: /gave none: log in first/ },
    });
  }
  t.equal(plugin.runs(), 1);
  await get(plugin.open());
  t.equal(plugin.runs(), 2);
});
