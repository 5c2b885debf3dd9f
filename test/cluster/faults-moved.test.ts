import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppsV1Api, BatchV1Api } from "@kubernetes/client-node";
import t, { type Test } from "tap";
import { reap } from "../../lib/reap/reap.js";
import { whoRuns } from "../../lib/session/who-runs.js";
import { openAccess } from "../../lib/access/registry.js";
import { leaseAnnotations, leaseLabels, openKube } from "../../lib/kube/index.js";
import type { NodeAccess, Via } from "../../lib/model/access.js";
import type { Findings } from "../../lib/model/findings.js";
import { mostMs } from "../fixtures/patience.js";
import { putClockOff } from "./clock.js";
import { readEvidence } from "./faults-client.js";
import { areNodesReady, isLong, useFaults, type Way } from "./faults-harness.js";
import { waitUntilNothingLeft } from "./left-behind.js";
import { TOOLS_IMAGE } from "./names.js";
import { until } from "./run.js";
import { onNode, pidOnNode } from "./use.js";
import { rememberMade } from "../fixtures/made-objects.js";

/** What a run makes of a cluster that is not what it was: a pod that moves, clocks that are wrong, a node that is silent. */

const NAMESPACE = "hopbook-faults-moved";
const faults = await useFaults(NAMESPACE);
const { api, breakRun, config, look, nodes, own, profiles, start, work } = faults;
const apps = config.makeApiClient(AppsV1Api);
const batch = config.makeApiClient(BatchV1Api);
const WAYS: readonly Way[] = isLong ? ["debugPod", "ssh", "kubectlDebug"] : ["debugPod"];

/** The pod of a Deployment that runs now, and is none of these. */
async function podOf(app: string, except: readonly string[] = []): Promise<{ name: string; node: string }> {
  return until(`a pod of ${app} runs`, 30_000, async () => {
    const { items } = await api.listNamespacedPod({ namespace: NAMESPACE, labelSelector: `app=${app}` });
    const pod = items.find(
      ({ metadata, status }) =>
        metadata?.deletionTimestamp === undefined &&
        status?.phase === "Running" &&
        !except.includes(metadata?.name ?? ""),
    );
    return pod === undefined ? null : { name: pod.metadata?.name ?? "", node: pod.spec?.nodeName ?? "" };
  });
}

const onlyOn = (node: string) => ({ "kubernetes.io/hostname": node });
const DEPLOYMENT = {
  replicas: 1,
  strategy: { type: "Recreate" },
  selector: { matchLabels: { app: "moving" } },
};

for (const way of WAYS) {
  t.test(`the pod under capture is scheduled again on the other node, by ${way}`, async (t) => {
    const [near, far] = nodes;
    const container = { name: "c", image: TOOLS_IMAGE, command: ["sleep", "3600"] };
    const spec = { terminationGracePeriodSeconds: 0, containers: [container], nodeSelector: onlyOn(far) };
    await apps.createNamespacedDeployment({
      namespace: NAMESPACE,
      body: {
        metadata: { name: "moving" },
        spec: { ...DEPLOYMENT, template: { metadata: { labels: { app: "moving" } }, spec } },
      },
    });
    try {
      const first = await podOf("moving");
      const broken = await breakRun(t, {
        way,
        raw: { to: [`${NAMESPACE}/${first.name}`], probe: ["ping"], count: "24" },
        act: async () => {
          await apps.patchNamespacedDeployment({
            ...{ name: "moving", namespace: NAMESPACE },
            body: [{ op: "replace", path: "/spec/template/spec/nodeSelector", value: onlyOn(near) }],
          });
          const second = await podOf("moving", [first.name]);
          t.equal(second.node, near, "it runs on the other node");
        },
      });
      const { findings, ended } = broken;
      t.equal(ended.exitCode, 6, "incomplete");
      t.equal(findings?.run.complete, false);
      t.match(findings?.run.incomplete.join("; "), /namespace is gone|ended early/);
      const verdict = findings?.flows[0]?.verdict;
      t.comment(
        `${verdict?.status ?? ""} ${verdict?.confidence ?? ""}: ${verdict?.caveats.join("; ") ?? ""}`,
      );
      // Pings to a pod that is gone die at its node in truth; nobody says that it was healthy, or sure of it.
      t.not(verdict?.confidence, "high", "a verdict on a pod that went is none to be sure of");
      const seen = findings?.flows[0]?.hops.find(({ node, role }) => node === far && role === "nic");
      t.ok((seen?.request.packets ?? 0) > 0, "what was seen before is kept");
    } finally {
      await apps.deleteNamespacedDeployment({ name: "moving", namespace: NAMESPACE });
      await until("its pods are gone", 30_000, async () => {
        const { items } = await api.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "app=moving" });
        return items.length === 0 || null;
      });
    }
  });
}

interface ManifestFile {
  readonly path: string;
  readonly node: string | null;
  readonly clockOffsetMs: number | null;
}

/** A run with the far node's clock off: what it says of it, and whether the packets are followed all the same. */
async function traceWithClock(
  t: Test,
  { way, offsetSec, isLost }: { readonly way: Way; readonly offsetSec: number; readonly isLost: boolean },
): Promise<void> {
  const [, far] = nodes;
  const putRight = await putClockOff(own, { node: far, offsetSec });
  const web = await api.readNamespacedPod({ name: "web", namespace: "shop" });
  const drop = `nft add table ip faults; nft add chain ip faults f '{ type filter hook forward priority -300; }'
nft add rule ip faults f ip daddr ${web.status?.podIP ?? ""} counter drop`;
  try {
    if (isLost) await onNode(own, far, { argv: ["sh", "-euc", drop] });
    const run = start(way, { raw: { count: "3", interval: "200ms" } });
    const ended = await run.done;
    if (!t.ok(ended.dir, ended.said)) return;
    const findings = readEvidence<Findings>(ended.dir ?? "", "findings.json");
    const verdict = findings.flows[0]?.verdict;
    t.comment(`${verdict?.status ?? ""}: ${verdict?.caveats.join("; ") ?? ""}`);
    t.equal(ended.exitCode, isLost ? 3 : 0);
    t.equal(verdict?.status, isLost ? "lost" : "delivered");
    if (isLost) {
      t.match(verdict?.lastSeen, { node: far, role: "tunnel" });
      t.match(verdict?.firstMissing, { node: far, role: "bridge" });
    }
    t.equal(findings.run.complete, true, findings.run.incomplete.join("; "));
    const way90 = offsetSec > 0 ? "ahead of" : "behind";
    t.match(verdict?.caveats.join("; "), new RegExp(`clock of ${far} is (90|89)\\d{3}\\.\\d ms ${way90}`));
    t.match(ended.said, new RegExp(`the clock of ${far} is ${offsetSec < 0 ? "-" : ""}(90|89)\\.\\d s off`));
    const { files } = readEvidence<{ files: readonly ManifestFile[] }>(ended.dir ?? "", "manifest.json");
    const pcaps = files.filter(({ path }) => path.endsWith(".pcap"));
    for (const { path, node, clockOffsetMs } of pcaps) {
      const expected = node === far ? offsetSec * 1000 : 0;
      t.ok(Math.abs((clockOffsetMs ?? NaN) - expected) < 3000, `${path}: ${String(clockOffsetMs)} ms`);
    }
    t.strictSame((await waitUntilNothingLeft({ ...look(run.tmpDir), withinMs: 15_000 })).left, []);
  } finally {
    await putRight();
    if (isLost) await onNode(own, far, { argv: ["nft", "delete", "table", "ip", "faults"] });
  }
}

const CLOCKS = [
  { way: "debugPod", offsetSec: 90, isLost: false },
  { way: "debugPod", offsetSec: -90, isLost: true },
  ...(isLong
    ? ([
        { way: "ssh", offsetSec: -90, isLost: false },
        { way: "ssh", offsetSec: 90, isLost: true },
        { way: "kubectlDebug", offsetSec: -90, isLost: false },
      ] as const)
    : []),
] as const;
for (const each of CLOCKS) {
  const what = each.isLost ? "a loss behind it is found where it is" : "what is delivered is";
  t.test(`a node's clock is ${each.offsetSec} s off: ${what}, by ${each.way}`, (t) =>
    traceWithClock(t, each),
  );
}

/** As if this machine's clock were off; that of the API's answers stays. */
async function withClock<T>(offsetMs: number, body: () => Promise<T>): Promise<T> {
  const real = Date.now;
  Date.now = () => real() + offsetMs;
  try {
    return await body();
  } finally {
    Date.now = real;
  }
}

const HOUR_MS = 3_600_000;
const JOB = {
  ...{ parallelism: 0, completions: 1, ttlSecondsAfterFinished: 0 },
  template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: TOOLS_IMAGE }] } },
};

t.test("a client's clock is wrong: what is in use stays, what is over goes", async (t) => {
  /** A Job as a client makes it whose clock is so far off; null: it has no deadline, as one that others made. */
  const leave = async (name: string, offsetMs: number, deadlineSec: number | null): Promise<void> => {
    const lease = { runId: "777777777777", owner: whoRuns(), durationMs: 600_000 };
    const annotations = leaseAnnotations(lease, Date.now() + offsetMs);
    const spec = deadlineSec === null ? JOB : { ...JOB, activeDeadlineSeconds: deadlineSec };
    const metadata = { name, labels: leaseLabels(lease), annotations };
    await batch.createNamespacedJob({ namespace: NAMESPACE, body: { metadata, spec } });
    await until(`${name} has started`, 20_000, async () => {
      const job = await batch.readNamespacedJob({ name, namespace: NAMESPACE });
      return job.status?.startTime === undefined ? null : true;
    });
  };
  await leave("made-by-a-clock-behind", -HOUR_MS, 600);
  await leave("in-use", 0, null);
  await leave("over", -HOUR_MS, null);
  t.teardown(() =>
    batch.deleteCollectionNamespacedJob({ namespace: NAMESPACE, propagationPolicy: "Background" }),
  );
  const ask = (offsetMs: number) =>
    withClock(offsetMs, () =>
      reap({
        ...{ cluster: profiles.debugPod, cwd: work, grants: { yes: true, denyNode: true } },
        ...{ signal: AbortSignal.timeout(mostMs(60_000)), dryRun: true },
      }),
    );
  for (const offsetMs of [0, HOUR_MS, -HOUR_MS]) {
    const { items } = await ask(offsetMs);
    const found = Object.fromEntries(items.map(({ name, outcome }) => [name, outcome]));
    const expected = { "made-by-a-clock-behind": "spared", "in-use": "spared", over: "found" };
    t.match(found, expected, `by a clock that is ${offsetMs / 1000} s off`);
  }
});

t.test("a client's clock is wrong: a pod is kept warm for as long as was asked", async (t) => {
  const [, far] = nodes;
  const access = {
    ...{ via: "debugPod" as const, kube: { kubeconfig: [own.files.kubeconfig] }, namespace: NAMESPACE },
    ...{ image: TOOLS_IMAGE, keepWarmMs: 60_000 },
  };
  const made = rememberMade();
  const open = (offsetMs: number): Promise<NodeAccess> =>
    withClock(offsetMs, () =>
      openAccess(
        { name: far, access },
        { openKube, lease: { runId: "888888888888", owner: "faults@test", durationMs: 300_000, made } },
      ),
    );
  t.teardown(() =>
    batch.deleteCollectionNamespacedJob({ namespace: NAMESPACE, propagationPolicy: "Background" }),
  );
  for (const [index, offsetMs] of [-90_000, 90_000, -HOUR_MS].entries()) {
    const way = await open(offsetMs);
    if (index > 0) t.match(way.made, /left warm by an earlier run/, "the one before is taken");
    const use = { action: "test", timeoutMs: 10_000 };
    t.match(await way.exec(["true"], use), { exitCode: 0 }, "it lives while it is used");
    await withClock(offsetMs, () => way.close());
    const { items } = await batch.listNamespacedJob({ namespace: NAMESPACE });
    const job = items.find(({ metadata }) => metadata?.labels?.["hopbook.dev/run"] === "888888888888");
    const endsMs = Number(job?.status?.startTime) + (job?.spec?.activeDeadlineSeconds ?? NaN) * 1000;
    const leftMs = endsMs - Date.now();
    t.ok(leftMs > 50_000 && leftMs < 63_000, `${offsetMs / 1000} s off: ${Math.round(leftMs)} ms are left`);
  }
});

t.test("a node is NotReady: left out within seconds in the API's words; auto goes another way", async (t) => {
  const [, far] = nodes;
  const pid = await pidOnNode(own, far, "kubelet");
  await onNode(own, far, { argv: ["kill", "-STOP", pid] });
  try {
    if (isLong)
      await until("its kubelet is missed", 120_000, async () => ((await areNodesReady(api)) ? null : true));
    else await markUnknown(far);
    const asking = start("debugPod");
    t.ok(await asking.reached((event) => event.type === "phase"));
    // Not from its start on: on a busy machine a process takes its time to begin.
    const startedMs = performance.now();
    const refused = await asking.done;
    const tookMs = Math.round(performance.now() - startedMs);
    t.equal(refused.exitCode, 6, refused.said);
    t.match(refused.said, /NotReady: NodeStatusUnknown: Kubelet stopped posting node status/);
    t.ok(tookMs < mostMs(15_000), `refused after ${tookMs} ms`);
    const run = start("ssh", { profile: auto, raw: { count: "2" } });
    const ended = await run.done;
    t.equal(ended.exitCode, 0, ended.said);
    const ways = readEvidence<{ entered: readonly { target: string; via: Via }[] }>(
      ended.dir ?? "",
      "evidence/access.json",
    );
    const taken = Object.fromEntries(ways.entered.map(({ target, via }) => [target, via]));
    t.strictSame(taken, { [nodes[0]]: "debugPod", [far]: "ssh" });
    t.match(JSON.stringify(ways), /the node's kubelet does not report/, "and why not the others");
  } finally {
    await onNode(own, far, { argv: ["kill", "-CONT", pid] });
    await until("the nodes are Ready again", 60_000, () => areNodesReady(api));
  }
  t.strictSame((await waitUntilNothingLeft({ ...look(), withinMs: 15_000 })).left, []);
});

const auto = join(work, "auto.yaml");
writeFileSync(
  auto,
  JSON.stringify({
    ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "auto" } },
    kube: { kubeconfig: own.files.kubeconfig },
    images: { tools: TOOLS_IMAGE },
    access: { via: "auto", namespace: NAMESPACE, user: "root", sudo: false, sshConfig: own.files.sshConfig },
    nodes: own.nodes.map(({ name, address }) => ({ name, address })),
  }),
);

/** What the node lifecycle controller says of a kubelet that is silent for its grace, 50 s, at once. */
async function markUnknown(name: string): Promise<void> {
  const node = await api.readNode({ name });
  const index = node.status?.conditions?.findIndex(({ type }) => type === "Ready") ?? -1;
  const value = {
    ...node.status?.conditions?.[index],
    ...{ status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." },
  };
  await api.patchNodeStatus({ name, body: [{ op: "replace", path: `/status/conditions/${index}`, value }] });
}
