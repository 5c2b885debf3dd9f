import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchV1Api } from "@kubernetes/client-node";
import t from "tap";
import { detachRunbook, type DetachReport } from "../../lib/detached/detach.js";
import type { Findings } from "../../lib/model/findings.js";
import { buildCli, runCli, startCli, type CliRun } from "../lab/cli.js";
import { mostMs } from "../fixtures/patience.js";
import { coreApi, fetchByClient } from "./kube.js";
import { waitUntilNothingLeft } from "./left-behind.js";
import { TOOLS_IMAGE } from "./names.js";
import { apiOf, makeUsers } from "./rights-users.js";
import { until } from "./run.js";
import { onNode, useCluster, whyNoCluster } from "./use.js";

/** Captures that Kubernetes itself runs, without their client: seen, stopped and collected by whoever comes. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const NAMESPACE = "hopbook-detached";
const work = mkdtempSync(join(tmpdir(), "hopbook-detached-"));
const cluster = await useCluster((text) => t.comment(text));
const { config, own, nodes } = cluster;
const [near, far] = nodes;
const api = coreApi(config);
const batch = config.makeApiClient(BatchV1Api);
const cli = buildCli();
const kubeconfig = own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? "";
const users = makeUsers(apiOf(kubeconfig), { namespace: NAMESPACE, kubeconfig });

function profileOf(name: string, access: object, config = kubeconfig): string {
  const file = join(work, `${name}.yaml`);
  const named = nodes.map((node) => ({ name: node }));
  writeFileSync(
    file,
    JSON.stringify({
      ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "detached" } },
      ...{ kube: { kubeconfig: config }, images: { tools: TOOLS_IMAGE }, access, nodes: named },
    }),
  );
  return file;
}
const profile = profileOf("debug-pod", { via: "debugPod", namespace: NAMESPACE });

const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
await api.createNamespace({ body: { metadata: { name: NAMESPACE, labels } } });
t.teardown(async () => {
  await users.release();
  await api.deleteNamespace({ name: NAMESPACE }).catch(() => undefined);
  cli.remove();
  rmSync(work, { recursive: true, force: true });
  await cluster.release();
});

const ENDS = ["--from", "shop/client", "--to", "svc/web:80"] as const;
/** What pods do by themselves is followed. */
const WATCH = ["--no-traffic", "--watch", "1h"] as const;

let machines = 0;
/** A home and a folder as a machine of its own would have them. */
function machine(): string {
  const dir = join(work, `m${(machines += 1)}`);
  mkdirSync(dir);
  return dir;
}
function wordsOf(args: readonly string[], cluster: string): readonly string[] {
  return [...args, "--cluster", cluster, "--yes"];
}
function hopbook(cwd: string, args: readonly string[], cluster = profile): Promise<CliRun> {
  return runCli(cli, wordsOf(args, cluster), { cwd, env: { HOME: cwd } });
}
/** Killed as soon as it has said that it leaves. */
async function detach(cwd: string, args: readonly string[]): Promise<string> {
  const words = wordsOf(["run", "trace-path", ...ENDS, "--detach", ...args], profile);
  const run = startCli(cli, words, { cwd, env: { HOME: cwd } });
  await run.said("goes on without this client");
  run.child.kill("SIGKILL");
  const { stderr } = await run.done;
  const id = /run ([0-9a-f]{12}) goes on/.exec(stderr)?.[1];
  if (id === undefined) throw new Error(`it did not leave: ${stderr}`);
  return id;
}

const folderOf = (cwd: string): string =>
  join(cwd, "artifacts", readdirSync(join(cwd, "artifacts")).sort().at(-1) ?? "");
const readJson = (dir: string, path: string): unknown => JSON.parse(readFileSync(join(dir, path), "utf8"));
const findingsOf = (cwd: string): Findings => readJson(folderOf(cwd), "findings.json") as Findings;
/** Files, processes and objects all have the run's id in their names or labels. */
const leftOf = async (run: string, withinMs: number): Promise<readonly string[]> =>
  (await waitUntilNothingLeft({ config, own, withinMs, runs: [run] })).left;
const podOn = async (run: string, node: string): Promise<string | null> => {
  const labelSelector = `hopbook.dev/run=${run}`;
  const { items } = await api.listNamespacedPod({ namespace: NAMESPACE, labelSelector });
  const pod = items.find(({ spec, status }) => spec?.nodeName === node && status?.phase === "Running");
  return pod?.metadata?.deletionTimestamp === undefined ? (pod?.metadata?.name ?? null) : null;
};

/** Everything about a folder that does not hang on when, and in which pod, it was made. */
function shapeOf(dir: string): unknown {
  const manifest = readJson(dir, "manifest.json") as { files: Record<string, unknown>[] };
  const { flows, checks, run } = readJson(dir, "findings.json") as Findings;
  return {
    listing: readdirSync(dir, { recursive: true, encoding: "utf8" }).sort(),
    manifest: manifest.files.map(({ path, node, exitCode, truncated }) => [path, node, exitCode, truncated]),
    environment: Object.keys(readJson(dir, "evidence/environment.json") as object),
    ...{ checks, run: { ...run, id: "", startedAt: "" } },
    flows: flows.map(({ from, to, probe, verdict, hops }) => ({
      ...{ from, to, probe, status: verdict.status, direction: verdict.direction, cause: verdict.cause },
      hops: hops.map((hop) => [hop.node, hop.interface, hop.request.packets > 0, hop.reply.packets > 0]),
    })),
  };
}

t.test("Kubernetes runs what was left; what is collected is what an attended run leaves", async (t) => {
  const [attended, starter, collector] = [machine(), machine(), machine()];
  const args = ["--no-kernel-drops", "--probe", "tcp-connect"];
  const whole = await hopbook(attended, ["run", "trace-path", ...ENDS, "--no-record", ...args]);
  t.equal(whole.exitCode, 0, whole.stderr);
  const id = await detach(starter, ["--for", "10m", ...args]);

  const { items } = await batch.listNamespacedJob({
    namespace: NAMESPACE,
    labelSelector: `hopbook.dev/run=${id}`,
  });
  t.equal(items.length, 2, "a Job a node");
  for (const { spec, metadata } of items) {
    t.match(spec, { parallelism: 1, completions: 1, ttlSecondsAfterFinished: 0 });
    const seconds = spec?.activeDeadlineSeconds ?? 0;
    t.ok(
      seconds > 24 * 3600 && seconds < 26 * 3600,
      "its lease is the time of the captures, and a day to collect them",
    );
    t.match(metadata?.labels, { "app.kubernetes.io/managed-by": "hopbook", "hopbook.dev/detached": "true" });
    t.match(spec?.template.metadata?.labels, metadata?.labels ?? {});
    t.ok(nodes.includes(spec?.template.spec?.nodeName ?? ""));
  }
  const listed = await hopbook(collector, ["runs", "-ojson"]);
  const { runs } = JSON.parse(listed.stdout) as { runs: { id: string }[] };
  t.match(
    runs.filter((run) => run.id === id),
    [{ id, state: "capturing", runbook: "trace-path", target: "shop/client", dir: null }],
    "another home, another folder",
  );
  const status = await hopbook(collector, ["status", id.slice(0, 8)]);
  for (const node of nodes) t.match(status.stdout, `${node}: capturing`);

  const collected = await hopbook(collector, ["collect", id]);
  t.equal(collected.exitCode, 0, collected.stderr);
  t.strictSame(shapeOf(folderOf(collector)), shapeOf(folderOf(attended)));
  t.strictSame(await leftOf(id, 8000), []);

  const twice = await hopbook(collector, ["collect", id]);
  t.match([twice.exitCode, twice.stderr], [2, /it was collected/]);
  const [lost, gone] = await Promise.all([
    hopbook(starter, ["status", id]),
    hopbook(machine(), ["collect", id]),
  ]);
  t.match(lost.stdout, /: lost/, "who started it sees that the nodes have it no more");
  t.match([gone.exitCode, gone.stderr], [2, /no node keeps it/]);
});

t.test("a pod is evicted: its captures end in good order, another pod keeps them", async (t) => {
  const cwd = machine();
  const id = await detach(cwd, WATCH);
  t.equal(await fetchByClient(config, "http://web/"), "web\n");
  const name = (await podOn(id, far)) ?? "";
  const body = { metadata: { name, namespace: NAMESPACE } };
  await api.createNamespacedPodEviction({ name, namespace: NAMESPACE, body });
  const next = await until("another pod is in its place", 40_000, () => podOn(id, far));
  t.not(next, name);
  t.equal(await fetchByClient(config, "http://web/"), "web\n", "which one node alone sees");
  const status = await hopbook(machine(), ["status", id]);
  t.match(status.stdout, `${near}: capturing`);
  t.match(status.stdout, `${far}: ended`);
  const collected = await hopbook(cwd, ["collect", id]);
  t.equal(collected.exitCode, 6, collected.stderr);
  const { run, flows } = findingsOf(cwd);
  t.match(run.incomplete.join("\n"), /ended early: its pod was deleted, or evicted/);
  t.not(flows[0]?.verdict.status, "lost", "no loss is made up");
  t.ok((flows[0]?.hops.find(({ node }) => node === far)?.request.packets ?? 0) > 0, "what it saw is kept");
  t.strictSame(await leftOf(id, 8000), []);
});

t.test("stop ends them, and they wait; the Job is deleted: the node's files are collected", async (t) => {
  const cwd = machine();
  const id = await detach(cwd, WATCH);
  t.equal(await fetchByClient(config, "http://web/"), "web\n");
  const stopped = await hopbook(cwd, ["stop", id]);
  t.equal(stopped.exitCode, 0, stopped.stderr);
  await batch.deleteCollectionNamespacedJob({
    ...{ namespace: NAMESPACE, labelSelector: `hopbook.dev/run=${id}`, propagationPolicy: "Background" },
  });
  // One that is still ending can be entered, and would tell.
  await until("its pods are gone", 30_000, async () => {
    const labelSelector = `hopbook.dev/run=${id}`;
    return (await api.listNamespacedPod({ namespace: NAMESPACE, labelSelector })).items.length === 0 || null;
  });
  const listed = await hopbook(cwd, ["runs"]);
  t.match(listed.stderr, `look at its nodes: hopbook status ${id}`, "the API knows of nothing");
  t.match((await hopbook(cwd, ["status", id])).stdout, `${far}: ended`, "new pods see it");
  const collected = await hopbook(cwd, ["collect", id]);
  t.equal(collected.exitCode, 0, collected.stderr);
  t.equal(findingsOf(cwd).flows[0]?.verdict.status, "delivered");
  t.strictSame(await leftOf(id, 8000), []);
});

const noNodes = own === null ? "somebody else's nodes cannot be changed" : false;
t.test(
  "a node without tcpdump: what lies in the pod is told of, and collected",
  { skip: noNodes },
  async (t) => {
    if (own === null) return;
    const program = (await onNode(own, far, { argv: ["sh", "-c", "command -v tcpdump"] })).stdout.trim();
    await onNode(own, far, { argv: ["mount", "--bind", "/dev/null", program] });
    const cwd = machine();
    try {
      const words = wordsOf(["run", "trace-path", ...ENDS, "--detach", ...WATCH], profile);
      const run = await runCli(cli, words, { cwd, env: { HOME: cwd } });
      t.match(run.stderr, `! ${far} keeps its captures in a pod`);
      t.notMatch(run.stderr, `! ${near} keeps`);
      const id = run.stdout.trim();
      t.equal(await fetchByClient(config, "http://web/"), "web\n");
      const status = await hopbook(machine(), ["status", id]);
      t.match(status.stdout, new RegExp(`${far}: capturing, .*in a pod`));
      const collected = await hopbook(cwd, ["collect", id]);
      t.equal(collected.exitCode, 0, collected.stderr);
      t.equal(findingsOf(cwd).flows[0]?.verdict.status, "delivered");
      t.strictSame(await leftOf(id, 8000), []);
    } finally {
      await onNode(own, far, { argv: ["umount", program] });
    }
  },
);

t.test("a client that is killed before it left takes all with it", async (t) => {
  const cwd = machine();
  const words = wordsOf(["run", "trace-path", ...ENDS, "--detach", ...WATCH], profile);
  const run = startCli(cli, words, { cwd, env: { HOME: cwd } });
  t.ok(await run.said("Read the nodes' counters"));
  run.child.kill("SIGKILL");
  await run.done;
  t.notOk(existsSync(join(folderOf(cwd), "detached.json")), "there is no run to collect");
  const left = async (): Promise<number> =>
    (await batch.listNamespacedJob({ namespace: NAMESPACE })).items.length;
  await until("its Jobs are gone", 30_000, async () => ((await left()) === 0 ? true : null));
  t.strictSame(await leftOf("of run", 10_000), []);
});

/** By the library: captures of five seconds, which are kept for two more. */
function leave(cluster: string): Promise<unknown> {
  return detachRunbook({
    ...{ runbook: "trace-path", cluster, cwd: work, out: join(work, "left") },
    inputs: { from: "shop/client", to: ["svc/web:80"], traffic: false, watch: "5s" },
    ...{ grants: { yes: true }, confirm: undefined, signal: AbortSignal.timeout(mostMs(60_000)) },
    ...{ onEvent: () => undefined, forMs: 5000, keepMs: 2000 },
  });
}

t.test("what cannot be left is refused before anything is made", async (t) => {
  const ways = [
    ["ephemeral", { via: "ephemeral" }],
    ["podExec", { via: "podExec" }],
    ["kubectlDebug", { via: "kubectlDebug", namespace: NAMESPACE }],
    ["ocDebug", { via: "ocDebug", namespace: NAMESPACE }],
    ["toolbox", { via: "toolbox" }],
  ] as const;
  for (const [via, access] of ways) {
    const message = new RegExp(`nothing can be left on ${near}, which is entered by ${via}`);
    await t.rejects(
      leave(profileOf(via, access)),
      { code: "USAGE", message, hint: /local, ssh, debugPod/ },
      via,
    );
  }
});

t.test("who may make no Job is told so", async (t) => {
  const narrow = await users.add("no-jobs", {
    rules: [
      { resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
      { resources: ["pods/exec"], verbs: ["create", "get"] },
    ],
    cluster: [
      { resources: ["pods", "nodes", "services", "namespaces"], verbs: ["get", "list"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list"] },
    ],
  });
  const theirs = profileOf("no-jobs", { via: "debugPod", namespace: NAMESPACE }, narrow);
  const message = /you may make none in namespace hopbook-detached/;
  await t.rejects(leave(theirs), { code: "KUBE_FORBIDDEN", message, hint: /jobs\.batch/ });
});

t.test("nobody collected it in time: nothing is left", async (t) => {
  const { id, expires } = (await leave(profile)) as DetachReport;
  const waitMs = Math.max(0, Date.parse(expires) - Date.now());
  t.strictSame(await leftOf(id, waitMs + 30_000), []);
  const late = await hopbook(machine(), ["collect", id]);
  t.match([late.exitCode, late.stderr], [2, /no node keeps it/]);
});
