import t from "tap";
import { createServer } from "node:net";
import { readFileSync, writeFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { KubernetesObjectApi } from "@kubernetes/client-node";
import { askCluster } from "../../lib/session/ask-cluster.js";
import { openProfile } from "../../lib/session/cluster-profile.js";
import { findEndPods, makeKubeCluster } from "../../lib/cluster/index.js";
import { openKube } from "../../lib/kube/index.js";
import type { HopbookError } from "../../lib/errors.js";
import { mostMs } from "../fixtures/patience.js";
import { useCluster, whyNoCluster } from "./use.js";
import { coreApi } from "./kube.js";

const skip = whyNoCluster() ?? false;
const NAMESPACE = "hopbook-facts";
const metadata = (name: string): object => ({ name, namespace: NAMESPACE });

/** Pods that nothing runs: what is asked is what the API says of them. */
const OBJECTS = [
  {
    ...{ apiVersion: "v1", kind: "Service", metadata: metadata("ports") },
    spec: {
      selector: { app: "none" },
      ports: [
        { name: "http", port: 80 },
        { name: "alt", port: 81 },
      ],
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata("outside"),
    spec: { type: "ExternalName", externalName: "example.com" },
  },
  {
    ...{ apiVersion: "v1", kind: "Pod", metadata: metadata("stuck") },
    spec: { nodeSelector: { nowhere: "at-all" }, containers: [{ name: "c", image: "registry.test/none:1" }] },
  },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata("little") },
  {
    ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: metadata("little") },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
  },
  {
    ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: metadata("little") },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "little" },
    subjects: [{ kind: "ServiceAccount", name: "little", namespace: NAMESPACE }],
  },
];

t.test("what the API says of ends", { skip, timeout: mostMs(120_000) }, async (t) => {
  const cluster = await useCluster((text) => t.comment(text));
  const dir = t.testdir();
  const { config } = cluster;
  const kubeconfig = join(dir, "admin");
  writeFileSync(kubeconfig, config.exportConfig());
  const core = coreApi(config);
  const objects = KubernetesObjectApi.makeApiClient(config);
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  t.teardown(async () => {
    await core.deleteNamespace({ name: NAMESPACE, gracePeriodSeconds: 0 });
    await cluster.release();
  });
  for (const object of OBJECTS) await objects.create(object);
  const kube = openKube({ kubeconfig: [kubeconfig], namespace: NAMESPACE });
  const find = (text: string, api = kube) =>
    findEndPods({ paths: [{ from: text, to: [] }], others: [] }, { kube: api });

  const [near, far] = cluster.nodes;
  t.match(await find("shop/client"), [{ name: "client", node: near }], "a pod by its name");
  t.match(await find("shop/svc/web:80"), [{ name: "web", node: far }], "a Service by its endpoint");
  t.match(await find("shop/app=web"), [{ name: "web" }], "by its labels");
  await t.rejects(find("shop/clinet"), { code: "TARGET_NOT_FOUND", hint: "did you mean shop/client?" });
  await t.rejects(find("nowhere/web"), { message: /there is no namespace nowhere/ });
  await t.rejects(find("shop/deploy/web"), {
    code: "TARGET_NOT_FOUND",
    message: /no deployments of that name/,
  });
  await t.rejects(find("svc/ports"), { code: "TARGET_AMBIGUOUS" });
  await t.rejects(find("svc/ports:http"), { code: "TARGET_NOT_FOUND", message: /no ready endpoint/ });
  await t.rejects(find("svc/ports:99"), { code: "TARGET_NOT_FOUND", message: /no such port/ });
  await t.rejects(find("svc/outside:80"), { message: /stands for "example\.com"/ });
  await t.rejects(find("stuck"), { code: "TARGET_NOT_FOUND", message: /Pending: Unschedulable/ });

  t.test("an account that may get pods of one namespace, and nothing else", async (t) => {
    const { status } = await core.createNamespacedServiceAccountToken({
      ...{ name: "little", namespace: NAMESPACE },
      body: { spec: { audiences: [], expirationSeconds: 600 } },
    });
    const limited = JSON.parse(config.exportConfig()) as { users: object[] };
    limited.users = [{ name: config.getCurrentUser()?.name, user: { token: status?.token } }];
    const file = join(dir, "little");
    writeFileSync(file, JSON.stringify(limited));
    const little = openKube({ kubeconfig: [file], namespace: NAMESPACE });
    await t.rejects(find("shop/client", little), { code: "KUBE_FORBIDDEN" });
    await t.rejects(find("stuck", little), { message: /Pending: Unschedulable/ }, "its own can be read");
    await t.rejects(find("stcuk", little), { code: "TARGET_NOT_FOUND", message: /others may not be listed/ });
    const loaded = makeKubeCluster("little", { kubeconfig: [file], namespace: NAMESPACE });
    const asked = await askCluster(loaded, { openKube, signal: new AbortController().signal }).catch(
      (error: HopbookError) => error,
    );
    t.match(asked, { code: "NO_ACCESS" }, "and is told that no way in is open");
  });

  t.test("an API that is not there", async (t) => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    t.teardown(() => silent.close());
    const { port } = silent.address() as { port: number };
    for (const [name, at] of [
      ["closed", 1],
      ["silent", port],
    ] as const) {
      const file = join(dir, name);
      writeFileSync(file, elsewhere(config.exportConfig(), `https://127.0.0.1:${at}`));
      const startedMs = performance.now();
      const loaded = await openProfile({ kube: { kubeconfig: file }, cwd: dir });
      const { signal } = new AbortController();
      await t.rejects(askCluster(loaded, { openKube, signal }), { code: "KUBE_UNREACHABLE" }, name);
      t.ok(performance.now() - startedMs < mostMs(5000), `${name}: within 5 s`);
    }
    const profile = join(dir, "profile.yaml");
    const nodes = "nodes: [{name: node-a, access: {via: ssh}}]";
    const head = "apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: x}";
    writeFileSync(profile, `${head}\nkube: {kubeconfig: ${join(dir, "closed")}}\n${nodes}\n`);
    const { signal } = new AbortController();
    const alone = await askCluster(await openProfile({ cluster: profile, cwd: dir }), { openKube, signal });
    t.match(
      alone,
      { profile: { kube: undefined }, notes: [/API is left out/] },
      "nodes with ssh need no API",
    );
  });

  t.test("a kubeconfig's exec plugin", async (t) => {
    const plugin = join(dir, "plugin.sh");
    const file = join(dir, "with-plugin");
    const user = {
      name: config.getCurrentUser()?.name,
      user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: plugin } },
    };
    writeFileSync(file, JSON.stringify({ ...JSON.parse(config.exportConfig()), users: [user] }));
    const askWith = async (script: string): Promise<unknown> => {
      writeFileSync(plugin, `#!/bin/sh\n${script}\n`);
      chmodSync(plugin, 0o755);
      return openKube({ kubeconfig: [file] }).list({ group: "", version: "v1", resource: "nodes" }, 10);
    };
    await t.rejects(askWith("echo no ticket >&2; exit 3"), {
      code: "KUBE_UNAUTHORISED",
      message: /no ticket/,
    });
    const startedMs = performance.now();
    await t.rejects(askWith("exec sleep 60"), { code: "KUBE_UNAUTHORISED", message: /gave none within 4 s/ });
    t.ok(performance.now() - startedMs < mostMs(6000), "one that hangs is ended");
    const found = config.getCurrentUser();
    const pem = (data: string | undefined): string => Buffer.from(data ?? "", "base64").toString("utf8");
    const status = { clientCertificateData: pem(found?.certData), clientKeyData: pem(found?.keyData) };
    const answer = JSON.stringify({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status,
    });
    writeFileSync(join(dir, "answer.json"), answer);
    t.equal(readFileSync(join(dir, "answer.json"), "utf8"), answer);
    t.match(
      await askWith(`cat ${join(dir, "answer.json")}`),
      [{ kind: undefined }, {}],
      "one that answers is believed",
    );
  });
});

function elsewhere(exported: string, server: string): string {
  const config = JSON.parse(exported) as { clusters: { cluster: object }[] };
  const clusters = config.clusters.map((each) => ({
    ...each,
    cluster: { server, "insecure-skip-tls-verify": true },
  }));
  return JSON.stringify({ ...config, clusters });
}
