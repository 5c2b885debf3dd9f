import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchV1Api, type V1Job } from "@kubernetes/client-node";
import t, { type Test } from "tap";
import { reap, type Leftover, type ReapOptions } from "../../lib/reap/reap.js";
import { whoRuns } from "../../lib/session/who-runs.js";
import { leaseAnnotations, leaseLabels } from "../../lib/kube/index.js";
import { mostMs } from "../fixtures/patience.js";
import { coreApi } from "./kube.js";
import { PAUSE_IMAGE } from "./names.js";
import { useCluster, whyNoCluster } from "./use.js";

/** What `reap` removes from a cluster, and what it must not touch. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const NAMESPACE = "hopbook-reap";
const work = mkdtempSync(join(tmpdir(), "hopbook-reap-"));
const cluster = await useCluster((text) => t.comment(text));
const { config, own } = cluster;
const api = coreApi(config);
const batch = config.makeApiClient(BatchV1Api);
const kubeconfig = own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? "";
const profile = join(work, "cluster.yaml");
writeFileSync(
  profile,
  JSON.stringify({
    ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "reap" } },
    kube: { kubeconfig },
    access: { via: "debugPod", namespace: NAMESPACE },
  }),
);
await api.createNamespace({ body: { metadata: { name: NAMESPACE } } });
t.teardown(async () => {
  await api.deleteNamespace({ name: NAMESPACE }).catch(() => undefined);
  rmSync(work, { recursive: true, force: true });
  await cluster.release();
});

const HOUR_MS = 3600_000;
async function leave(
  name: string,
  of: { owner?: string; runId: string; expiresInMs: number },
): Promise<void> {
  const lease = { runId: of.runId, owner: of.owner ?? whoRuns(), durationMs: of.expiresInMs };
  const metadata = { name, labels: leaseLabels(lease), annotations: leaseAnnotations(lease, Date.now()) };
  await batch.createNamespacedJob({ namespace: NAMESPACE, body: jobOf(metadata) });
}

/** A Job that makes no pod: what owns a debug pod, as hopbook makes it. */
function jobOf(metadata: V1Job["metadata"]): V1Job {
  const containers = [{ name: "c", image: PAUSE_IMAGE }];
  return { metadata, spec: { parallelism: 0, template: { spec: { restartPolicy: "Never", containers } } } };
}

/** The nodes are denied: this is about what the API has. */
async function run(more: Partial<ReapOptions> = {}): Promise<readonly Leftover[]> {
  const report = await reap({
    ...{ cluster: profile, cwd: work, grants: { yes: true, denyNode: true } },
    signal: AbortSignal.timeout(mostMs(60_000)),
    ...more,
  });
  for (const node of cluster.nodes) {
    t.match(report.unseen.join("\n"), `${node}: `, "it says that the nodes were not looked at");
  }
  t.equal(report.exitCode, 0, "as the operator wanted it");
  return report.items.filter(({ namespace }) => namespace === NAMESPACE);
}
const outcomes = (items: readonly Leftover[]): Record<string, string> =>
  Object.fromEntries(items.map(({ name, outcome }) => [name, outcome]));
async function there(t: Test, names: readonly string[]): Promise<void> {
  const { items } = await batch.listNamespacedJob({ namespace: NAMESPACE });
  const found = items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata?.name ?? "");
  t.strictSame(found.sort(), [...names].sort());
}

t.test("what is expired and mine goes; all else stays until it is asked for", async (t) => {
  await leave("mine-expired", { runId: "111111111111", expiresInMs: -HOUR_MS });
  await leave("mine-in-use", { runId: "222222222222", expiresInMs: HOUR_MS });
  await leave("theirs-expired", { owner: "eve@elsewhere", runId: "333333333333", expiresInMs: -HOUR_MS });
  await leave("theirs-in-use", { owner: "eve@elsewhere", runId: "444444444444", expiresInMs: HOUR_MS });
  await batch.createNamespacedJob({ namespace: NAMESPACE, body: jobOf({ name: "not-ours" }) });

  t.strictSame(outcomes(await run({ dryRun: true })), {
    "mine-expired": "found",
    "mine-in-use": "spared",
    "theirs-expired": "spared",
    "theirs-in-use": "spared",
  });
  await there(t, ["mine-expired", "mine-in-use", "not-ours", "theirs-expired", "theirs-in-use"]);
  await run({ agree: () => Promise.resolve(false) });
  await there(t, ["mine-expired", "mine-in-use", "not-ours", "theirs-expired", "theirs-in-use"]);
  const first = await run();
  t.match(
    first.find(({ name }) => name === "mine-expired"),
    { outcome: "removed", mine: true, state: "left" },
  );
  t.match(first.find(({ name }) => name === "mine-in-use")?.reason ?? "", /^in use until 20/);
  await there(t, ["mine-in-use", "not-ours", "theirs-expired", "theirs-in-use"]);
  await run({ allUsers: true });
  await there(t, ["mine-in-use", "not-ours", "theirs-in-use"]);
  await run({ runId: "222222222222" });
  await there(t, ["not-ours", "theirs-in-use"]);
  await run({ runId: "444444444444" });
  await there(t, ["not-ours", "theirs-in-use"]);
  await run({ runId: "444444444444", allUsers: true });
  await there(t, ["not-ours"]);
});

t.test("a pod that has ended is left, whatever its lease says", async (t) => {
  const lease = { runId: "555555555555", owner: whoRuns(), durationMs: HOUR_MS };
  const metadata = {
    name: "ended",
    labels: leaseLabels(lease),
    annotations: leaseAnnotations(lease, Date.now()),
  };
  const spec = { restartPolicy: "Never", containers: [{ name: "c", image: PAUSE_IMAGE }] };
  await api.createNamespacedPod({
    namespace: NAMESPACE,
    body: { metadata, spec: { ...spec, activeDeadlineSeconds: 1 } },
  });
  for (let tries = 0; tries < 200; tries += 1) {
    const pod = await api.readNamespacedPod({ name: "ended", namespace: NAMESPACE });
    if (pod.status?.phase === "Failed") break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  t.match(outcomes(await run()), { ended: "removed" });
});
