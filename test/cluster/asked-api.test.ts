import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { askCluster } from "../../lib/session/ask-cluster.js";
import { openProfile } from "../../lib/session/cluster-profile.js";
import { openCluster } from "../../lib/session/open-cluster.js";
import { reap, type ReapOptions } from "../../lib/reap/reap.js";
import { listRuns } from "../../lib/detached/runs.js";
import { whoRuns } from "../../lib/session/who-runs.js";
import { leaseAnnotations, leaseLabels, shareKube } from "../../lib/kube/index.js";
import { mostMs } from "../fixtures/patience.js";
import { coreApi, waitForServiceAccount } from "./kube.js";
import { PAUSE_IMAGE, TOOLS_IMAGE } from "./names.js";
import { useCluster, whyNoCluster } from "./use.js";
import { trust } from "../fixtures/trust.js";
import { localFile } from "../fixtures/local-file.js";

/** What of the cluster's API is asked, with which credentials, and what the operator denies to every command. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const cluster = await useCluster((text) => t.comment(text));
if (cluster.own === null) {
  t.comment("credentials of another's cluster are not ours to give away");
  await cluster.release();
  process.exit(0);
}
const NAMESPACE = "hopbook-asked-api";
const { config, own, nodes } = cluster;
const work = mkdtempSync(join(tmpdir(), "hopbook-asked-api-"));
const api = coreApi(config);
await api.createNamespace({ body: { metadata: { name: NAMESPACE } } });
t.teardown(async () => {
  await api.deleteNamespace({ name: NAMESPACE }).catch(() => undefined);
  rmSync(work, { recursive: true, force: true });
  await cluster.release();
});
await waitForServiceAccount(api, NAMESPACE);

/** A kubeconfig whose credentials a program gives, and how often it was run. */
function writeKubeconfig(): { readonly file: string; readonly runs: () => number } {
  const at = (name: string): string => join(work, name);
  interface Config {
    readonly users: { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
  }
  const admin = JSON.parse(readFileSync(own?.files.kubeconfig ?? "", "utf8")) as Config;
  const text = (key: string): string =>
    Buffer.from(admin.users[0]?.user[`${key}-data`] ?? "", "base64").toString("utf8");
  const apiVersion = "client.authentication.k8s.io/v1";
  const status = { clientCertificateData: text("client-certificate"), clientKeyData: text("client-key") };
  writeFileSync(at("credential"), JSON.stringify({ apiVersion, kind: "ExecCredential", status }));
  writeFileSync(at("log"), "");
  writeFileSync(at("plugin"), `#!/bin/sh\necho run >>'${at("log")}'\ncat '${at("credential")}'\n`, {
    mode: 0o755,
  });
  const exec = { apiVersion, command: at("plugin"), interactiveMode: "Never" };
  const users = admin.users.map(({ name }) => ({ name, user: { exec } }));
  writeFileSync(at("kubeconfig"), JSON.stringify({ ...admin, users }));
  return { file: at("kubeconfig"), runs: () => readFileSync(at("log"), "utf8").split("\n").length - 1 };
}

function writeProfile(name: string, kubeconfig: string): string {
  const file = join(work, `${name}.yaml`);
  const about = { apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name } };
  const access = { via: "debugPod", namespace: NAMESPACE };
  writeFileSync(
    file,
    JSON.stringify({ ...about, kube: { kubeconfig }, images: { tools: TOOLS_IMAGE }, access }),
  );
  return file;
}

t.test("two nodes entered, files copied: the credentials' program is run once", async (t) => {
  const { file, runs } = writeKubeconfig();
  const { signal } = new AbortController();
  const openKube = shareKube();
  const loaded = await openProfile({ cwd: work, cluster: writeProfile("plugin", file), openKube });
  const { profile } = await askCluster(loaded, { openKube, signal });
  const lease = { runId: "asked-api", owner: "asked@api", durationMs: 120_000 };
  const opened = await openCluster(profile, {
    ...{ signal, openKube, lease, wrap: trust, wrapKube: (kube) => kube },
    isAllowed: () => ({ allowed: true, reason: "" }),
  });
  try {
    await Promise.all(
      nodes.map(async (node) => {
        const access = opened.accesses.get(node);
        const result = await access?.exec(["hostname"], { action: "test", timeoutMs: 10_000 });
        t.equal(result?.stdout.toString(), `${node}\n`);
        await access?.pull("/etc/hostname", localFile(join(work, node)), {
          action: "test",
          timeoutMs: 10_000,
        });
      }),
    );
  } finally {
    await opened.close();
  }
  t.equal(runs(), 1);
});

t.test("what is denied of the API is denied to every command", async (t) => {
  const lease = { runId: "0123456789ab", owner: whoRuns(), durationMs: -60_000 };
  const metadata = {
    name: "left",
    labels: leaseLabels(lease),
    annotations: leaseAnnotations(lease, Date.now()),
  };
  const containers = [{ name: "c", image: PAUSE_IMAGE }];
  await api.createNamespacedPod({ namespace: NAMESPACE, body: { metadata, spec: { containers } } });
  const options: ReapOptions = {
    ...{ cwd: work, cluster: writeProfile("denied", own.files.kubeconfig) },
    ...{ grants: {}, signal: AbortSignal.timeout(mostMs(60_000)), runId: lease.runId },
  };
  // No node is entered for want of a grant: this is about what the API has.
  const denied = await reap({ ...options, grants: { denyKube: [`delete:pods:${NAMESPACE}`] } });
  t.equal(denied.exitCode, 6);
  t.match(
    denied.items.filter(({ name }) => name === "left"),
    [{ outcome: "failed", reason: /Cannot delete pods in hopbook-asked-api: it is denied by --deny-kube/ }],
  );
  t.ok(await api.readNamespacedPod({ namespace: NAMESPACE, name: "left" }), "it is still there");
  const unlisted = await reap({ ...options, grants: { denyKube: ["list:jobs"] }, dryRun: true });
  t.match(unlisted.unseen.join("\n"), /jobs in hopbook-asked-api: .*denied by --deny-kube/);
  t.match(
    unlisted.items.filter(({ name }) => name === "left"),
    [{ outcome: "found" }],
  );
  const refused = { code: "PERMISSION_DENIED", message: /Cannot list nodes: it is denied by --deny-kube/ };
  await t.rejects(reap({ ...options, grants: { denyKube: true } }), refused);
  const runs = { ...options, out: join(work, "artifacts"), onEvent: () => undefined, runId: undefined };
  await t.rejects(listRuns({ ...runs, grants: { denyKube: true } }), refused);
  const { items } = await reap(options);
  t.match(
    items.filter(({ name }) => name === "left"),
    [{ outcome: "removed" }],
  );
});
