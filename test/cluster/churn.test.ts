import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import type { CapturesFile } from "../../lib/model/evidence.js";
import type { Findings } from "../../lib/model/findings.js";
import type { PointsFile } from "../../lib/model/points.js";
import { folderOf } from "../lab/bench.js";
import { buildCli, runCli, startCli } from "../lab/cli.js";
import { coreApi, execInPod, waitForServiceAccount } from "./kube.js";
import { waitUntilNothingLeft } from "./left-behind.js";
import { PAUSE_IMAGE, TOOLS_IMAGE } from "./names.js";
import { until } from "./run.js";
import { useCluster, whyNoCluster } from "./use.js";

/** Pods by their labels of which some are deleted and others added while they are captured: all of them are in the evidence. */

const skip = whyNoCluster() ?? false;
const NAMESPACE = "hopbook-churn";
const PODS = Number(process.env["HOPBOOK_CHURN_PODS"] ?? "30");
const CHANGED = Math.floor(PODS / 3);
const CLUSTER_MS = 240_000;

const RUNBOOK = {
  ...{ apiVersion: "hopbook.dev/v1", kind: "Runbook", metadata: { name: "churn", title: "Churn" } },
  permissions: {
    node: { max: 10 },
    exec: ["runtime/*", "node/read", "netns/*", "capture/*"],
    capture: { duration: "10m", bytes: "1GiB", filterRequired: true },
  },
  steps: [
    { id: "pods", uses: "pod/locate", with: { pods: `${NAMESPACE}/app=churn`, max: 200 } },
    {
      ...{ id: "capture", uses: "capture/watch", background: true },
      with: { points: "${{ steps.pods.outputs.pods }}", filter: "icmp", duration: "4m" },
    },
    {
      ...{ id: "join", uses: "capture/join", background: true },
      with: { capture: "captures", pods: `${NAMESPACE}/app=churn`, max: 200 },
    },
    {
      ...{ id: "last", uses: "trigger/wait" },
      with: { packet: { points: "shop/client", filter: "icmp and greater 900" }, timeout: "4m" },
    },
    { id: "end", cancel: ["capture"] },
  ],
};

t.test("pods that come and go while they are captured", { skip, timeout: 2 * CLUSTER_MS }, async (t) => {
  const cluster = await useCluster((text) => t.comment(text));
  const { config, own, nodes } = cluster;
  const api = coreApi(config);
  const cli = buildCli();
  const work = mkdtempSync(join(tmpdir(), "hopbook-churn-"));
  t.teardown(async () => {
    await api.deleteNamespace({ name: NAMESPACE }).catch(() => undefined);
    cli.remove();
    rmSync(work, { recursive: true, force: true });
    await cluster.release();
  });
  const image = own === null ? "registry.k8s.io/pause:3.10" : PAUSE_IMAGE;
  const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
  await api.createNamespace({ body: { metadata: { name: NAMESPACE, labels } } });
  await waitForServiceAccount(api, NAMESPACE);

  const create = async (from: number, count: number): Promise<void> => {
    for (let at = from; at < from + count; at += 1) {
      const spec = {
        nodeSelector: { "kubernetes.io/hostname": nodes[at % 2] ?? "" },
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "c", image }],
      };
      const metadata = { name: `churn-${at}`, labels: { app: "churn" } };
      await api.createNamespacedPod({ namespace: NAMESPACE, body: { metadata, spec } });
    }
  };
  const listIps = async (): Promise<ReadonlyMap<string, string>> => {
    const { items } = await api.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "app=churn" });
    const running = items.filter(({ status }) => status?.phase === "Running" && status.podIP !== undefined);
    return new Map(running.map(({ metadata, status }) => [metadata?.name ?? "", status?.podIP ?? ""]));
  };
  const isUp = (count: number) => async (): Promise<ReadonlyMap<string, string> | null> => {
    const ips = await listIps();
    return ips.size === count ? ips : null;
  };
  /** Each gets two packets. */
  const ping = async (ips: Iterable<string>): Promise<void> => {
    const script = 'for ip; do ping -c 2 -i 0.2 -W 2 "$ip" >/dev/null & done; wait';
    const argv = ["sh", "-c", script, "ping", ...ips];
    const { exitCode, stderr } = await execInPod(config, "shop/client", { argv, timeoutMs: 60_000 });
    t.equal(exitCode, 0, stderr);
  };

  await create(0, PODS);
  const first = await until(`${PODS} pods run`, CLUSTER_MS, isUp(PODS));
  const cwd = join(work, "run");
  mkdirSync(cwd);
  const runbook = join(work, "churn.yaml");
  writeFileSync(runbook, JSON.stringify(RUNBOOK));
  const profile = join(work, "profile.yaml");
  const kubeconfig = own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? "";
  writeFileSync(
    profile,
    JSON.stringify({
      ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "churn" } },
      ...{ kube: { kubeconfig }, images: { tools: TOOLS_IMAGE } },
      access: { via: "debugPod", namespace: NAMESPACE },
      nodes: nodes.map((name) => ({ name })),
    }),
  );
  const args = ["run", runbook, "--cluster", profile, "--yes"];
  const run = startCli(cli, args, { cwd, longestMs: CLUSTER_MS });
  t.ok(await run.said("waits from now on"), run.stderr());
  await ping(first.values());

  const createdMs = performance.now();
  await Promise.all([
    create(PODS, CHANGED),
    ...[...first.keys()]
      .slice(0, CHANGED)
      .map((name) => api.deleteNamespacedPod({ namespace: NAMESPACE, name, gracePeriodSeconds: 0 })),
  ]);
  const numbers = Array.from({ length: CHANGED }, (_, index) => PODS + index);
  for (const number of numbers) {
    const text = `pod ${NAMESPACE}/churn-${number} on ${nodes[number % 2]} came; it is captured from now on`;
    t.ok(await run.said(text), `${text}; ${run.stderr()}`);
  }
  t.comment(
    `all that came are captured ${Math.round(performance.now() - createdMs)} ms after they were made`,
  );
  for (const name of [...first.keys()].slice(0, CHANGED))
    t.ok(await run.said(`pod ${NAMESPACE}/${name} on `), `${name} is gone`);
  const second = await until(`${PODS} pods run again`, CLUSTER_MS, isUp(PODS));
  await ping(numbers.map((number) => second.get(`churn-${number}`) ?? ""));
  const [web = ""] = second.values();
  await execInPod(config, "shop/client", { argv: ["ping", "-c", "1", "-s", "1000", web] });

  const { exitCode, stderr } = await run.done;
  t.equal(exitCode, 0, stderr);
  const dir = folderOf(join(cwd, "artifacts"));
  const read = <T>(file: string): T => JSON.parse(readFileSync(join(dir, file), "utf8")) as T;
  const { captures } = read<CapturesFile>("evidence/captures.json");
  const { points } = read<PointsFile>("evidence/points.json");
  t.equal(points.length, PODS + CHANGED);
  const without = points.filter(({ id }) => {
    const record = captures.find(({ hopId }) => hopId === id);
    return record?.pcap == null || (record.captured ?? 0) < 2;
  });
  t.strictSame(
    without.map(({ pod }) => pod),
    [],
    "packets of all that were there at any time",
  );
  const { marks = [], run: about } = read<Findings>("findings.json");
  const count = (wanted: string): number => marks.filter(({ kind }) => kind === wanted).length;
  t.strictSame(
    { joined: count("joined"), gone: count("gone"), leftOut: count("left-out") },
    { joined: CHANGED, gone: CHANGED, leftOut: 0 },
  );
  t.strictSame(about.incomplete, []);
  const { items } = await api.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "app=churn" });
  const delays = items.flatMap(({ metadata, status }) => {
    const mark = marks.find(({ kind, text }) => kind === "joined" && text.includes(`/${metadata?.name} on`));
    const startedAt = status?.containerStatuses?.[0]?.state?.running?.startedAt;
    return mark === undefined || startedAt === undefined ? [] : [Date.parse(mark.at) - Number(startedAt)];
  });
  t.comment(
    `captured after their containers had started, to a second: ${delays.toSorted((a, b) => a - b).join(" ")} ms`,
  );
  const again = await runCli(cli, ["replay", dir], { cwd: work });
  t.match(again.stderr, /^findings: the same as those of the recorded run$/m, again.stderr);
  const { left } = await waitUntilNothingLeft({ config, own, withinMs: 60_000 });
  t.strictSame(left, [], "nothing is left");
});
