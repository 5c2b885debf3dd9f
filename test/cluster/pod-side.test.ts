import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { KubernetesObjectApi } from "@kubernetes/client-node";
import t from "tap";
import { openAccess } from "../../lib/access/registry.js";
import { execute } from "../../lib/run/execute.js";
import type { RunOptions, RunReport } from "../../lib/session/options.js";
import { newRunId } from "../../lib/session/run-id.js";
import { openRunbookSession, permit } from "../../lib/session/runbook-session.js";
import { LIVE } from "../../lib/run/world.js";
import { createRunFolder } from "../../lib/artifacts/index.js";
import { openKube } from "../../lib/kube/index.js";
import type { NodeAccess, PodAccessConfig } from "../../lib/model/access.js";
import { mostMs } from "../fixtures/patience.js";
import { coreApi, waitForServiceAccount } from "./kube.js";
import { TOOLS_IMAGE } from "./names.js";
import { podSideObjects, SPACE, WITHOUT_RIGHTS } from "./pod-side-objects.js";
import { until } from "./run.js";
import { onNode, useCluster, whyNoCluster } from "./use.js";

/** Users who may enter no node: a verdict from within the two pods, and what is refused to them. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}

const work = mkdtempSync(join(tmpdir(), "hopbook-pod-side-"));
const cluster = await useCluster((text) => t.comment(text));
const { config, own } = cluster;
if (own === null) {
  t.comment("the images of this suite are in our own cluster only");
  await cluster.release();
  process.exit(0);
}
const api = coreApi(config);
const [near, far] = cluster.nodes;
const namespaces = [SPACE, `${SPACE}-baseline`, `${SPACE}-restricted`];
const cleanUp = async (): Promise<void> => {
  for (const name of namespaces) await api.deleteNamespace({ name }).catch(() => undefined);
  await cluster.release();
  rmSync(work, { recursive: true, force: true });
};
t.teardown(cleanUp);
await makeObjects(config, api).catch(async (error: unknown) => {
  await cleanUp();
  throw error;
});
const users = {
  admin: own.files.kubeconfig,
  ephemeral: await kubeconfigOf("ephemeral"),
  exec: await kubeconfigOf("exec"),
};

async function makeObjects(kube: KubeConfig, core: CoreV1Api): Promise<void> {
  const objects = KubernetesObjectApi.makeApiClient(kube);
  const { spaces, others } = podSideObjects({ near, far });
  for (const space of spaces) await objects.create(space);
  for (const namespace of namespaces) {
    await waitForServiceAccount(core, namespace);
  }
  for (const object of others) await objects.create(object);
  await until("the pods are ready", 180_000, async () => {
    const lists = await Promise.all(namespaces.map((namespace) => core.listNamespacedPod({ namespace })));
    const pods = lists.flatMap(({ items }) => items);
    const isReady = pods.every(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
    );
    return (pods.length > 0 && isReady) || null;
  });
}

/** A kubeconfig of a ServiceAccount of ours, which may do what its Role says. */
async function kubeconfigOf(name: string): Promise<string> {
  const { status } = await api.createNamespacedServiceAccountToken({
    ...{ name, namespace: SPACE },
    body: { spec: { audiences: [], expirationSeconds: 3600 } },
  });
  const current = config.getCurrentCluster();
  const file = join(work, `${name}.kubeconfig`);
  const about = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
    clusters: [
      {
        name: "c",
        cluster: {
          server: current?.server,
          ...(current?.caData === undefined ? {} : { "certificate-authority-data": current.caData }),
          ...(current?.caFile === undefined ? {} : { "certificate-authority": current.caFile }),
        },
      },
    ],
    users: [{ name: "u", user: { token: status?.token } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u", namespace: SPACE } }],
  };
  writeFileSync(file, JSON.stringify(about), { mode: 0o600 });
  return file;
}

type User = keyof typeof users;

function configOf(via: PodAccessConfig["via"], user: User, image = TOOLS_IMAGE): PodAccessConfig {
  const kube = { kubeconfig: [users[user]] };
  return via === "ephemeral" ? { via, kube, image } : { via, kube };
}

const enter = (pod: string, access: PodAccessConfig, runId = newRunId()): Promise<NodeAccess> =>
  openAccess(
    { name: pod, pod, access },
    { openKube, connectTimeoutMs: 20_000, lease: { runId, owner: "test@here", durationMs: 120_000 } },
  );

interface Trace {
  readonly from: string;
  readonly to: string;
  readonly probe: readonly string[];
  readonly via: PodAccessConfig["via"];
  readonly user: User;
}

/** trace-path with ways into the two pods alone, as a profile with `access.via` and no nodes has it. */
async function trace({ from, to, probe, via, user }: Trace): Promise<RunReport> {
  const cluster = join(work, "cluster.yaml");
  writeFileSync(
    cluster,
    "apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: pods}\nnodes: [{name: x, access: {via: local}}]\n",
  );
  const options: RunOptions = {
    ...{ runbook: "trace-path", inputs: { from, to: [to], probe, count: "3" }, cluster, cwd: work },
    ...{ out: join(work, "out"), grants: { yes: true }, signal: AbortSignal.timeout(mostMs(90_000)) },
    onEvent: () => undefined,
  };
  const opened = await openRunbookSession(options);
  const access = configOf(via, user);
  const pods = [from, to].map((text) => text.split(":")[0] ?? "");
  const nodes = [...new Set(pods)].map((pod) => ({ name: pod, pod, access }));
  const profile = {
    ...{ name: "pods", nodes, cni: "auto", interfaces: {} },
    ...{ workDir: "/var/tmp", kube: access.kube },
  };
  const session = await permit({ ...opened, profile });
  const { id } = session;
  const startedAt = new Date();
  const folder = await createRunFolder({
    out: options.out,
    runbook: "trace-path",
    target: from,
    now: startedAt,
    id,
  });
  return execute(session, { startedAt, folder, world: LIVE });
}

const hopsOf = (report: RunReport): string[] =>
  report.findings.flows[0]!.hops.map(({ node, role, interface: name }) => `${node} ${role} ${name}`);

/** How the ephemeral containers of a pod are: `running`, `terminated`, `waiting`. */
async function ephemeralStates(pod: string): Promise<string[]> {
  const [namespace = "", name = ""] = pod.split("/");
  const { status } = await api.readNamespacedPod({ namespace, name });
  return (status?.ephemeralContainerStatuses ?? []).flatMap(({ state }) =>
    Object.entries(state ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [key])),
  );
}

t.test("delivered between two nodes, to a pod without a shell, by ephemeral containers alone", async (t) => {
  const report = await trace({
    ...{ from: `${SPACE}/nonroot`, to: `${SPACE}/web:8080`, probe: ["ping", "tcp-connect"] },
    ...{ via: "ephemeral", user: "ephemeral" },
  });
  t.equal(report.exitCode, 0);
  t.same(report.findings.run.incomplete, []);
  t.same(hopsOf(report), [`${near} pod eth0`, `${far} pod eth0`]);
  for (const { verdict } of report.findings.flows) {
    t.match(verdict, { status: "delivered", confidence: "high", cause: null });
  }
  t.same(await ephemeralStates(`${SPACE}/nonroot`), ["terminated"], "it has ended with the run");
});

t.test("a drop on the node: lost between the two pods, and nothing made up", async (t) => {
  const ip = async (name: string): Promise<string> =>
    (await api.readNamespacedPod({ namespace: SPACE, name })).status?.podIP ?? "";
  const rule = `add table inet ${SPACE}; add chain inet ${SPACE} f { type filter hook forward priority 0; }; add rule inet ${SPACE} f ip saddr ${await ip("nonroot")} ip daddr ${await ip("web")} drop`;
  t.teardown(() => onNode(own, far, { argv: ["nft", "delete", "table", "inet", SPACE] }));
  const made = await onNode(own, far, { argv: ["nft", rule] });
  t.equal(made.exitCode, 0, made.stderr);
  const report = await trace({
    ...{ from: `${SPACE}/nonroot`, to: `${SPACE}/web:8080`, probe: ["ping"] },
    ...{ via: "ephemeral", user: "ephemeral" },
  });
  t.equal(report.exitCode, 3);
  t.match(report.findings.flows[0]?.verdict, {
    ...{ status: "lost", direction: "request", confidence: "medium", cause: null },
    lastSeen: { node: near, role: "pod", interface: "eth0" },
    firstMissing: { node: far, role: "pod", interface: "eth0" },
    caveats: [`Nothing between the two pods was captured: ${near} and ${far} could not be entered`],
  });
});

t.test("two pods of one node, by a user who may only exec: their own tools", async (t) => {
  const report = await trace({
    ...{ from: `${SPACE}/tools`, to: `${SPACE}/readonly`, probe: ["ping"], via: "podExec", user: "exec" },
  });
  t.equal(report.exitCode, 0);
  t.match(report.findings.flows[0], {
    from: { pod: `${SPACE}/tools`, node: `node-of-${SPACE}.tools` },
    verdict: { status: "delivered" },
  });
  t.equal(report.findings.flows[0]?.hops.length, 2);
});

t.test("what is refused, in the API's words, and at once", async (t) => {
  const started = Date.now();
  await t.rejects(enter(`${SPACE}-restricted/client`, configOf("ephemeral", "admin")), {
    code: "KUBE_REFUSED",
    message: /violates PodSecurity "restricted:latest": .*capabilities\.drop=\["ALL"\]/,
  });
  await t.rejects(enter(`${SPACE}/tools`, configOf("ephemeral", "exec")), {
    code: "KUBE_FORBIDDEN",
    message: /cannot get resource "pods"/,
  });
  // By a websocket it is got, since Kubernetes 1.35 made as well: the one that is missed first is told.
  await t.rejects(enter(`${SPACE}-baseline/client`, configOf("podExec", "exec")), {
    code: "KUBE_FORBIDDEN",
    message: /cannot (?:get|create) resource "pods\/exec"/,
  });
  await t.rejects(enter(`${SPACE}/shellless`, configOf("podExec", "exec")), {
    code: "TOOL_MISSING",
    message: /it has no sh$/,
    hint: /ephemeral/,
  });
  const imageless: PodAccessConfig = { via: "ephemeral", kube: { kubeconfig: [users.admin] } };
  await t.rejects(enter(`${SPACE}/web`, imageless), { code: "INPUT_INVALID", hint: /images: \{tools/ });
  await t.rejects(enter(`${SPACE}/web`, configOf("ephemeral", "admin", "registry.test/pause:1")), {
    code: "TOOL_MISSING",
    message: /has no sh/,
  });
  t.ok(Date.now() - started < 30_000, `${Date.now() - started} ms for all of them`);
});

t.test("PodSecurity's baseline refuses to add capabilities, and the runtime's own are enough", async (t) => {
  const access = await enter(`${SPACE}-baseline/client`, configOf("ephemeral", "admin"));
  try {
    const argv = ["timeout", "1", "tcpdump", "-i", "eth0", "-p", "-c", "1"] as const;
    const result = await access.exec(argv, { action: "test", timeoutMs: 10_000 });
    t.match(result.stderr.toString(), /listening on eth0/);
  } finally {
    await access.close();
  }
  t.same(await ephemeralStates(`${SPACE}-baseline/client`), ["terminated"]);
});

t.test("a container of the same run is used again while it runs; one that has ended is not", async (t) => {
  const runId = newRunId();
  const pod = `${SPACE}/client`;
  const first = await enter(pod, configOf("ephemeral", "ephemeral"), runId);
  const second = await enter(pod, configOf("ephemeral", "ephemeral"), runId);
  t.same(await ephemeralStates(pod), ["running"]);
  await Promise.all([first.close(), second.close()]);
  const third = await enter(pod, configOf("ephemeral", "ephemeral"), runId);
  t.same((await ephemeralStates(pod)).sort(), ["running", "terminated"]);
  await third.close();
});

t.test("no right to the socket: tcpdump's own words", async (t) => {
  const report = await trace({
    ...{ from: `${SPACE}/user`, to: `${SPACE}/tools`, probe: ["ping"], via: "podExec", user: "exec" },
  });
  t.equal(report.exitCode, 6);
  t.match(report.findings.run.incomplete.join(), /socket: Operation not permitted/);
});

t.test("the pod's own programs: exit codes, and what is not there", async (t) => {
  const access = await enter(`${SPACE}/${WITHOUT_RIGHTS}`, configOf("podExec", "exec"));
  const run = async (...argv: [string, ...string[]]): Promise<number | null> =>
    (await access.exec(argv, { action: "test", timeoutMs: 10_000 })).exitCode;
  for (const code of [0, 1, 2, 126, 127, 137, 255]) t.equal(await run("sh", "-c", `exit ${code}`), code);
  t.equal(await run("no-such-program"), 127);
  await access.close();
});
