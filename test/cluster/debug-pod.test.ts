import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import t from "tap";
import { KubernetesObjectApi, type KubernetesObject } from "@kubernetes/client-node";
import { openAccess } from "../../lib/access/registry.js";
import { planCaptures, startCaptures, type CaptureSession } from "../../lib/capture/index.js";
import { openKube } from "../../lib/kube/index.js";
import type { Argv, DebugPodAccessConfig, NodeAccess } from "../../lib/model/access.js";
import { coreApi } from "./kube.js";
import { waitUntilNothingLeft } from "./left-behind.js";
import { until } from "./run.js";
import { flowsOn } from "./soak-flows.js";
import { onNode, useCluster, whyNoCluster } from "./use.js";
import { rememberMade } from "../fixtures/made-objects.js";
import { trustAll } from "../fixtures/trust.js";
import { placeIn } from "../fixtures/local-file.js";

/** A pod of our own on each node, on the real cluster. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}

const NAMESPACE = "hopbook-debug-pod-test";
const REFUSING = `${NAMESPACE}-base`;
const FULL = `${NAMESPACE}-full`;
const cluster = await useCluster((text) => t.comment(text));
const kube = { kubeconfig: [cluster.own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? ""] };
const image = cluster.own === null ? "busybox:1.36" : "registry.test/tools:1";
const core = coreApi(cluster.config);
const objects = KubernetesObjectApi.makeApiClient(cluster.config);
const [near, far] = cluster.nodes;
const options = { action: "node/read", timeoutMs: 15_000 };

const namespace = (name: string, labels = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});
await objects.create(namespace(NAMESPACE));
await objects.create(namespace(REFUSING, { "pod-security.kubernetes.io/enforce": "baseline" }));
await objects.create(namespace(FULL));
const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "none", namespace: FULL } };
await objects.create({ ...quota, spec: { hard: { pods: "0" } } } as KubernetesObject);
await until("the namespaces have their ServiceAccounts", 20_000, async () => {
  for (const name of [NAMESPACE, REFUSING, FULL]) {
    const { items } = await core.listNamespacedServiceAccount({ namespace: name });
    if (items.length === 0) return null;
  }
  return true;
});
t.teardown(async () => {
  for (const name of [NAMESPACE, REFUSING, FULL]) await core.deleteNamespace({ name });
  await cluster.release();
});

let runs = 0;
const made = rememberMade();
function open(
  node: string,
  config: Partial<DebugPodAccessConfig> = {},
  lease: { durationMs?: number; signal?: AbortSignal } = {},
): Promise<NodeAccess> {
  const { durationMs = 300_000, signal } = lease;
  runs += 1;
  return openAccess(
    { name: node, access: { via: "debugPod", kube, namespace: NAMESPACE, image, ...config } },
    {
      openKube,
      lease: { runId: `run-${runs}`, owner: "test@here", durationMs, made },
      ...(signal && { signal }),
    },
  );
}

/** Pods and Jobs of ours that are there. */
async function listOurs(): Promise<string[]> {
  const ours = { labelSelector: "app.kubernetes.io/managed-by=hopbook" };
  const { items: pods } = await core.listNamespacedPod({ namespace: NAMESPACE, ...ours });
  const { items: jobs } = await objects.list(
    "batch/v1",
    "Job",
    NAMESPACE,
    undefined,
    undefined,
    undefined,
    undefined,
    ours.labelSelector,
  );
  return [...pods, ...jobs].map(({ metadata }) => metadata?.name ?? "");
}

t.test("commands run as on the node, with exact exit codes", async (t) => {
  const [a, b] = await Promise.all([open(near), open(far)]);
  for (const [access, node] of [
    [a, near],
    [b, far],
  ] as const) {
    const { stdout } = await access.exec(["hostname"], options);
    t.equal(stdout.toString().trim(), node);
    const codes = [0, 1, 2, 126, 127, 137, 255];
    const ends = await Promise.all(
      codes.map((code) =>
        access.exec(["sh", "-c", 'echo out; echo err >&2; exit "$1"', "sh", String(code)], options),
      ),
    );
    t.same(
      ends.map(({ exitCode }) => exitCode),
      codes,
    );
    for (const end of ends) t.same([end.stdout.toString(), end.stderr.toString()], ["out\n", "err\n"]);
    t.equal((await access.exec(["hopbook-no-such-program"], options)).exitCode, 127);
    t.equal((await access.exec(["/etc/passwd"], options)).exitCode, 126);
    t.equal(
      (await access.exec(["sh", "-c", "kill -9 $$"], options)).exitCode,
      137,
      "128 + 9, as a shell says it",
    );
  }
  await Promise.all([a.close(), b.close()]);
  await a.close();
  t.same([a.leftovers?.(), b.leftovers?.(), await listOurs()], [[], [], []]);
});

t.test("bytes come through as they are, both ways", async (t) => {
  const access = await open(near);
  const bytes = randomBytes(4_000_000);
  const back = await access.exec(["cat"], { ...options, stdin: bytes });
  t.ok(bytes.equals(back.stdout), "stdin to stdout");
  const make = 'head -c 20000000 /dev/urandom >"$1"; sha256sum "$1"';
  const remote = "/var/tmp/hopbook-debug-pod-test";
  const made = await access.exec(["sh", "-c", make, "sh", remote], options);
  const pulled = await access.pull(remote, join(t.testdir(), "out"), options);
  t.same(pulled, { bytes: 20_000_000, sha256: made.stdout.toString().slice(0, 64) });
  t.not(pulled.sha256, createHash("sha256").digest("hex"));
  await access.exec(["rm", remote], options);
  await access.close();
});

t.test("what does not start is said in the API's own words, soon, and nothing stays", async (t) => {
  const cases: [string, Partial<DebugPodAccessConfig>, string, RegExp, string?][] = [
    [
      "no such image",
      { image: "registry.invalid/none:1" },
      "POD_NOT_STARTED",
      /ErrImagePull|ImagePullBackOff/,
    ],
    ["no image's name", { image: "Bad//Name" }, "POD_NOT_STARTED", /InvalidImageName/],
    ["PodSecurity", { namespace: REFUSING }, "KUBE_REFUSED", /violates PodSecurity "baseline/],
    ["quota", { namespace: FULL }, "KUBE_REFUSED", /exceeded quota: none/],
    ["ServiceAccount", { serviceAccount: "nobody" }, "KUBE_REFUSED", /serviceaccount "nobody" not found/],
    ["no such namespace", { namespace: "hopbook-none" }, "KUBE_NOT_FOUND", /"hopbook-none" not found/],
    ["no such node", {}, "POD_NOT_STARTED", /the cluster has no such node/, "hopbook-no-node"],
  ];
  for (const [name, config, code, message, node = near] of cases) {
    const startedAt = Date.now();
    await t.rejects(open(node, config), { code, message, hint: /./ }, name);
    t.comment(`${name}: ${Date.now() - startedAt} ms`);
  }
  t.same(await listOurs(), []);
});

t.test("a cordoned node is entered", async () => {
  const cordon = async (unschedulable: boolean): Promise<void> => {
    await objects.patch({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: far },
      spec: { unschedulable },
    } as KubernetesObject);
  };
  await cordon(true);
  try {
    await (await open(far)).close();
  } finally {
    await cordon(false);
  }
});

t.test("an interrupted start leaves nothing", async (t) => {
  for (const afterMs of [0, 20, 60, 200, 500]) {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), afterMs);
    await open(near, {}, { signal: stop.signal }).then(
      (access) => access.close(),
      (error: unknown) => t.match(error, { code: "INTERRUPTED" }),
    );
  }
  t.same(await listOurs(), []);
});

t.test("100 MB go there and come back the same", async (t) => {
  const access = await open(near);
  const remote = "/var/tmp/hopbook-debug-pod-test-100";
  const bytes = randomBytes(100_000_000);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const put: Argv = ["sh", "-c", 'cat >"$1"; sha256sum "$1"', "sh", remote];
  const startedAt = performance.now();
  const there = await access.exec(put, { ...options, timeoutMs: 120_000, stdin: bytes });
  t.equal(there.stdout.toString().slice(0, 64), sha256, "by stdin");
  const sentAt = performance.now();
  const pulled = await access.pull(remote, join(t.testdir(), "out"), { ...options, timeoutMs: 120_000 });
  t.same(pulled, { bytes: bytes.length, sha256 }, "by pull");
  const rate = (fromMs: number, untilMs: number): string =>
    `${Math.round(bytes.length / 1000 / (untilMs - fromMs))} MB/s`;
  t.comment(`there ${rate(startedAt, sentAt)}, back ${rate(sentAt, performance.now())}`);
  await access.exec(["rm", remote], options);
  await access.close();
});

t.test("a pod that is gone is said to be, in its own words", async (t) => {
  const ends: [string, RegExp, (name: string) => Promise<unknown>][] = [
    [
      "deleted at once",
      /: the pod was deleted$|: the pod is being deleted$/,
      (name) => core.deleteNamespacedPod({ name, namespace: NAMESPACE, gracePeriodSeconds: 0 }),
    ],
    [
      "evicted",
      /: the pod was deleted$|: the pod is being deleted: EvictionByEvictionAPI: Eviction API: evicting$/,
      (name) =>
        core.createNamespacedPodEviction({
          ...{ name, namespace: NAMESPACE },
          body: { metadata: { name, namespace: NAMESPACE } },
        }),
    ],
    [
      "over its deadline",
      /: the pod is Failed: DeadlineExceeded: Pod was active on the node longer than the specified deadline$/,
      (name) =>
        objects.patch({
          ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: NAMESPACE } },
          spec: { activeDeadlineSeconds: 1 },
        } as KubernetesObject),
    ],
  ];
  for (const [name, message, end] of ends) {
    const access = await open(near);
    const [pod = ""] = await listOurs();
    // One goes through the relay's shell, the other over a connection of its own.
    const short = access.exec(["sleep", "12"], options);
    const leased = access.exec(["sleep", "40"], { ...options, timeoutMs: 40_000 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await end(pod);
    const told = { code: "NODE_UNREACHABLE", message };
    await Promise.all([t.rejects(short, told, name), t.rejects(leased, told, `${name}, leased`)]);
    const after = access.exec(["true"], options);
    await t.rejects(after, { code: "NODE_UNREACHABLE", message: /the pod (was|is) / }, `${name}, after it`);
    await access.close();
    t.same(await listOurs(), []);
  }
});

/** A capture on a node's NIC, as a run makes it. */
async function capture(access: NodeAccess, runId: string): Promise<CaptureSession> {
  const [MiB, signal] = [1024 * 1024, new AbortController().signal];
  const limits = { maxSeconds: 60, leaseSeconds: 15, maxBytes: MiB, minFreeBytes: MiB, bufferKiB: 2048 };
  const plans = planCaptures(flowsOn([access.node]), {
    ...{ runId, workDir: "/var/tmp", payload: false, sshConnections: {}, ...limits },
  });
  return startCaptures(plans, { accesses: trustAll([access]), signal });
}

t.test("a pod that is ended from outside takes what it made on the node with it", async (t) => {
  const ends: [string, object][] = [
    ["deleted", {}],
    ["deleted, with a second left to it", { gracePeriodSeconds: 1 }],
    ["deleted at once", { gracePeriodSeconds: 0 }],
  ];
  for (const [name, how] of ends) {
    const [access, bystander] = [await open(near), await open(near)];
    const [mine, other] = [`run-${runs - 1}`, `run-${runs}`];
    const sessions = [await capture(access, mine), await capture(bystander, other)];
    const pod = /^pod [^/]+\/(\S+),/.exec(access.made ?? "")?.[1] ?? "";
    await core.deleteNamespacedPod({ name: pod, namespace: NAMESPACE, ...how });
    const look = { config: cluster.config, own: cluster.own, withinMs: 8_000 };
    const onTheNode = await waitUntilNothingLeft({ ...look, runs: [`hopbook-${mine}-${near}`] });
    t.same(onTheNode.left, [], `${name}: nothing is left after ${onTheNode.afterMs} ms`);
    // The node is done sooner than the connection's end gets here, where both are busy.
    await until("its client is told", 5_000, () => sessions[0]?.lost.length === 1 || null);
    t.same(sessions[1]?.lost, [], "another run on the node goes on");
    for (const session of sessions) await session.abort();
    await Promise.all([access.close(), bystander.close()]);
  }
  t.same(await listOurs(), []);
});

t.test("what was captured can be fetched while the pod is being ended", async (t) => {
  const access = await open(near);
  const session = await capture(access, `run-${runs}`);
  await session.stop({ settleMs: 0 });
  const [pod = ""] = await listOurs();
  await core.deleteNamespacedPod({ name: pod, namespace: NAMESPACE });
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.match(await session.pull(placeIn(t.testdir())), [{ pcap: String, endedEarly: null }]);
  t.same(await session.remove(), [], "the node confirmed that all is gone");
  await until("the pod is gone", 5_000, async () => {
    const { items } = await core.listNamespacedPod({ namespace: NAMESPACE });
    return items.length === 0 || null;
  });
  await access.close();
  t.same(await listOurs(), []);
});

const { own } = cluster;
const noNodes = own === null ? "somebody else's nodes cannot be changed" : false;
t.test("where a node has no tcpdump, the image's is used", { skip: noNodes }, async (t) => {
  if (own === null) return;
  const hide = (argv: Argv) => onNode(own, far, { argv });
  const program = (await hide(["sh", "-c", "command -v tcpdump"])).stdout.trim();
  await hide(["mount", "--bind", "/dev/null", program]);
  try {
    const access = await open(far);
    t.match(access.made, /the programs of image registry\.test\/tools:1$/);
    const look =
      'touch /etc/x 2>/dev/null && echo root; [ -d /run/netns ] && echo netns; ls /var/lib/cni; command -v "$1"';
    const { stdout } = await access.exec(["sh", "-c", look, "sh", "crictl"], options);
    t.match(
      stdout.toString(),
      /^netns\n(.+\n)*results\n/,
      "its root cannot be written; the node's folders are seen",
    );
    const session = await capture(access, `run-${runs}`);
    await session.stop({ settleMs: 0 });
    t.match(await session.pull(placeIn(t.testdir())), [{ pcap: String, endedEarly: null }]);
    t.same(await session.remove(), []);
    await access.close();
  } finally {
    await hide(["umount", program]);
  }
  t.same(await listOurs(), []);
});

t.test("a pod of the same name that somebody else made is not deleted", async (t) => {
  const access = await open(near);
  const [name = ""] = await listOurs();
  const { items } = await core.listNamespacedPod({ namespace: NAMESPACE });
  const theirs = items.find(({ metadata }) => metadata?.name === name);
  await core.deleteNamespacedPod({ name, namespace: NAMESPACE, gracePeriodSeconds: 0 });
  const { labels } = theirs?.metadata ?? {};
  const spec = { containers: [{ name: "c", image }], nodeName: near, automountServiceAccountToken: false };
  await core.createNamespacedPod({
    namespace: NAMESPACE,
    body: { metadata: { name, ...(labels && { labels }) }, spec },
  });
  await access.close();
  t.same(access.leftovers?.(), []);
  t.same(await listOurs(), [name], "the Job went, the pod is theirs");
  await core.deleteNamespacedPod({ name, namespace: NAMESPACE, gracePeriodSeconds: 0 });
});

t.test("without its client a pod and its Job are gone after the lease", async (t) => {
  await open(near, {}, { durationMs: 4_000 });
  t.equal((await listOurs()).length, 2);
  await until("they are gone", 30_000, async () => (await listOurs()).length === 0 || null);
});

t.test("a warm pod is used again by its owner, and ends by itself", async (t) => {
  const first = await open(near, { keepWarmMs: 6_000 });
  await first.close();
  t.match(first.made, /made for this run/);
  const startedAt = Date.now();
  const second = await open(near, { keepWarmMs: 6_000 });
  t.comment(`warm start: ${Date.now() - startedAt} ms`);
  t.match(second.made, /left warm by an earlier run/);
  t.equal((await second.exec(["hostname"], options)).stdout.toString().trim(), near);
  const other = await open(near, { keepWarmMs: 6_000, privileged: true });
  t.match(other.made, /made for this run/, "of other making");
  await Promise.all([second.close(), other.close()]);
  t.equal((await listOurs()).length, 4);
  await until("they are gone", 30_000, async () => (await listOurs()).length === 0 || null);
});
