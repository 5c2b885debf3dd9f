import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { auditHops } from "../../lib/run/audit.js";
import { runRunbook, type RunReport } from "../../lib/run/run.js";
import type { HopRef } from "../../lib/model/findings.js";
import { buildCli, startCli } from "../lab/cli.js";
import { mostMs } from "../fixtures/patience.js";
import { findCgroups } from "./down.js";
import { coreApi, execInPod, fetchByClient } from "./kube.js";
import { flannelBackend, isDualStack } from "./names.js";
import { shapeOf } from "./shape.js";
import { findProcesses } from "./state.js";
import { onNode, pidOnNode, readFixture, useCluster, whyNoCluster } from "./use.js";

/** The real cluster, as later suites need it, and a whole run of hopbook on it. */

const why = whyNoCluster();
if (why !== null) {
  // Skipping in silence where it should run would be a lie; whoever has no cluster says so.
  t.fail(why);
  process.exit(1);
}

type Family = 4 | 6;
const FAMILIES: readonly Family[] = isDualStack() ? [4, 6] : [4];
/** On whose way the faults are; on the other's nothing is lost. */
const FAULTY: Family = isDualStack() ? 6 : 4;

const work = mkdtempSync(join(tmpdir(), "hopbook-cluster-"));
const cluster = await useCluster((text) => t.comment(text));
const { config, nodes, own } = cluster;
const notOurs = own === null ? "the nodes of this cluster cannot be entered" : false;
t.teardown(async () => {
  rmSync(work, { recursive: true, force: true });
  await cluster.release();
});

t.test("both nodes are Ready, and the pods run where they should", async (t) => {
  const api = coreApi(config);
  const { items } = await api.listNode();
  for (const name of nodes) {
    const node = items.find((each) => each.metadata?.name === name);
    const ready = node?.status?.conditions?.find(({ type }) => type === "Ready");
    t.equal(ready?.status, "True", name);
  }
  for (const [index, name] of ["client", "web"].entries()) {
    const pod = await api.readNamespacedPod({ name, namespace: "shop" });
    t.match(pod, { spec: { nodeName: nodes[index] }, status: { phase: "Running" } });
  }
});

t.test("exec through the API keeps streams and exit codes apart", async (t) => {
  const argv = ["sh", "-c", "echo out; echo err >&2; exit 7"];
  t.same(await execInPod(config, "shop/client", { argv }), { exitCode: 7, stdout: "out\n", stderr: "err\n" });
  const missing = execInPod(config, "shop/nobody", { argv: ["true"] });
  await t.rejects(missing, "a pod that is not there is an error, not an exit code");
});

const asHost = (address: string): string => (address.includes(":") ? `[${address}]` : address);

t.test("the Service answers across the nodes, by name, by ClusterIP, and the pod itself", async (t) => {
  const api = coreApi(config);
  const pod = await api.readNamespacedPod({ name: "web", namespace: "shop" });
  const service = await api.readNamespacedService({ name: "web", namespace: "shop" });
  t.equal(await fetchByClient(config, "http://web/"), "web\n");
  const hosts = [
    ...(service.spec?.clusterIPs ?? []).map(asHost),
    ...(pod.status?.podIPs ?? []).map(({ ip }) => `${asHost(ip)}:8080`),
  ];
  if (own !== null) t.equal(hosts.length, FAMILIES.length * 2, hosts.join(", "));
  for (const host of hosts) t.equal(await fetchByClient(config, `http://${host}/`), "web\n", host);
});

t.test("one node has crictl, the other only ctr", { skip: notOurs }, async (t) => {
  for (const node of own?.nodes ?? []) {
    const find = await onNode(own!, node.name, { argv: ["sh", "-c", "command -v crictl"] });
    t.equal(find.exitCode === 0, node.hasCrictl, `crictl on ${node.name}`);
    const ctr = await onNode(own!, node.name, { argv: ["ctr", "-n", "k8s.io", "containers", "list", "-q"] });
    t.match(ctr, { exitCode: 0, stdout: /^[0-9a-f]{64}$/m }, `ctr on ${node.name}`);
  }
});

t.test("the stand-in for crictl answers in the real one's shape", { skip: notOurs }, async (t) => {
  const { items: all } = await coreApi(config).listNode();
  const runtime = all[0]?.status?.nodeInfo?.containerRuntimeVersion ?? "";
  if (!runtime.startsWith("containerd://2.")) {
    t.comment(`the shapes were recorded with containerd 2.4, this is ${runtime}`);
    return;
  }
  const shapes = readFixture("crictl-shape.json") as Record<string, string[]>;
  const node = own!.nodes.find((each) => each.hasCrictl)?.name ?? "";
  const ask = async (...args: string[]): Promise<unknown> => {
    const result = await onNode(own!, node, { argv: ["crictl", ...args] });
    t.equal(result.exitCode, 0, `${args.join(" ")}: ${result.stderr}`);
    return JSON.parse(result.stdout);
  };
  const pods = (await ask("pods", "-o", "json")) as { items: { id: string; metadata: { name: string } }[] };
  const pod = pods.items.find((each) => each.metadata.name === "client");
  const ps = (await ask("ps", "-o", "json")) as { containers: { id: string; podSandboxId: string }[] };
  const container = ps.containers.find((each) => each.podSandboxId === pod?.id);
  const answers: Record<string, unknown> = {
    pods: { items: [pod] },
    ps: { containers: [container] },
    inspectp: await ask("inspectp", "-o", "json", pod?.id ?? ""),
    inspect: await ask("inspect", "-o", "json", container?.id ?? ""),
    info: await ask("info", "-o", "json"),
  };
  for (const [name, answer] of Object.entries(answers)) {
    const [real, ours] = [shapes[name] ?? [], shapeOf(answer)];
    t.ok(real.length > 10, `${name} was recorded`);
    t.same(
      real.filter((line) => !ours.includes(line)),
      [],
      `${name} lacks nothing of the real one's`,
    );
  }
});

const hasTunnel = flannelBackend() === "vxlan";
const tunnelOf = (family: Family): string => (family === 4 ? "flannel.1" : "flannel-v6.1");
/** By which a node's routing sends to the other one, and takes what comes from it. */
const doorOf = (family: Family): string => (hasTunnel ? `tunnel ${tunnelOf(family)}` : "nic eth0");
function hopsOf(near: string, far: string, family: Family): string[] {
  const tunnel = hasTunnel ? [doorOf(family)] : [];
  const side = ["pod eth0", "host-veth veth*", "bridge cni0", ...tunnel, "nic eth0"];
  return [...side.map((hop) => `${near} ${hop}`), ...side.toReversed().map((hop) => `${far} ${hop}`)];
}

const place = (hop: HopRef | null): string | null =>
  hop === null ? null : `${hop.node} ${hop.role} ${hop.interface.replace(/^veth.*/, "veth*")}`;

interface Traced {
  readonly probe: readonly string[];
  readonly family?: Family;
  readonly to?: string;
  readonly profile?: string;
}

function trace({ probe, family = FAULTY, to = "shop/web:8080", profile }: Traced): Promise<RunReport> {
  return runRunbook({
    runbook: "trace-path",
    inputs: { from: "shop/client", to: [to], probe, family: String(family), count: "3" },
    cluster: profile ?? own!.files.localProfile,
    cwd: work,
    out: join(work, "out"),
    grants: { yes: true },
    signal: AbortSignal.timeout(mostMs(120_000)),
    onEvent: () => undefined,
  });
}

/** Hop discovery asks crictl on both nodes; for its tests the node that has none gets it. */
async function giveCrictl(t: Test): Promise<void> {
  for (const node of own!.nodes.filter((each) => !each.hasCrictl)) {
    const path = "/usr/local/bin/crictl";
    const given = await onNode(own!, node.name, { argv: ["ln", "-sf", "/run/cluster/bin/crictl", path] });
    t.equal(given.exitCode, 0, given.stderr);
    t.teardown(() => onNode(own!, node.name, { argv: ["rm", "-f", path] }));
  }
}

t.test("hopbook on the cluster", { skip: notOurs }, async (t) => {
  await giveCrictl(t);
  const [near, far] = nodes;
  const { files } = own!;

  const profiles = { local: files.localProfile, ssh: files.sshProfile };
  const ways = Object.entries(profiles).flatMap(([how, profile]) =>
    FAMILIES.map((family) => ({ how, profile, family })),
  );
  for (const { how, profile, family } of ways) {
    await t.test(`delivered, every hop seen, by ${how}, with IPv${String(family)}`, async (t) => {
      const { findings } = await trace({ probe: ["ping", "http"], family, profile });
      t.same(findings.run.incomplete, [], "the run is complete");
      t.equal(findings.flows.length, 2, "both probes are followed");
      for (const flow of findings.flows) {
        t.equal(flow.verdict.status, "delivered", flow.probe ?? "");
        t.same(flow.hops.map(place), hopsOf(near, far, family), "the hops");
        for (const hop of flow.hops) {
          t.ok(hop.request.packets >= 3 && hop.reply.packets >= 3, `${hop.node} ${hop.interface}`);
        }
      }
    });
  }

  for (const family of FAMILIES) {
    await t.test(`by state alone nothing is wrong, with IPv${String(family)}`, async (t) => {
      const found = await auditHops({
        ...{ from: "shop/client", to: "shop/web:8080", family, cluster: files.localProfile, cwd: work },
        ...{ grants: { yes: true }, signal: AbortSignal.timeout(mostMs(60_000)), onEvent: () => undefined },
      });
      t.equal(found.to.ip.includes(":"), family === 6, found.to.ip);
      t.same(
        found.statements.filter(({ severity }) => severity !== "fine"),
        [],
      );
    });

    await t.test(
      `delivered to the Service, whose ClusterIP becomes the pod's: IPv${String(family)}`,
      async (t) => {
        const service = await coreApi(config).readNamespacedService({ name: "web", namespace: "shop" });
        const address = service.spec?.clusterIPs?.find((one) => one.includes(":") === (family === 6)) ?? "";
        const { findings } = await trace({ probe: ["http"], family, to: `${asHost(address)}:80` });
        const [flow] = findings.flows;
        t.equal(flow?.verdict.status, "delivered", address);
        t.same(flow?.hops.map(place), hopsOf(near, far, family));
      },
    );
  }

  await t.test("the command itself", async (t) => {
    const cli = buildCli();
    t.teardown(cli.remove);
    const args = ["run", "trace-path", "--from", "shop/client", "--to", "shop/web:8080", "--yes"];
    const { done } = startCli(cli, [...args, "--cluster", files.localProfile], { cwd: work });
    const ran = await done;
    t.equal(ran.exitCode, 0, ran.stderr);
    t.match(ran.stdout + ran.stderr, /delivered/i);
  });

  await t.test("lost where the far node drops what it forwards", async (t) => {
    const echo = FAULTY === 6 ? "ipv6-icmp" : "icmp";
    const rules = `table inet fault {\n chain forward {\n type filter hook forward priority -10;\n meta l4proto ${echo} counter drop\n }\n}\n`;
    const set = await onNode(own!, far, { argv: ["nft", "-f", "-"], stdin: rules });
    t.equal(set.exitCode, 0, set.stderr);
    t.teardown(() => onNode(own!, far, { argv: ["nft", "delete", "table", "inet", "fault"] }));
    const { findings } = await trace({ probe: ["ping"] });
    const verdict = findings.flows[0]?.verdict;
    t.match(verdict, { status: "lost", direction: "request", cause: { code: "netfilter-drop" } });
    t.same(
      [place(verdict?.lastSeen ?? null), place(verdict?.firstMissing ?? null)],
      [`${far} ${doorOf(FAULTY)}`, `${far} bridge cni0`],
    );
    for (const family of FAMILIES.filter((one) => one !== FAULTY)) {
      const other = await trace({ probe: ["ping"], family });
      t.equal(other.findings.flows[0]?.verdict.status, "delivered", `with IPv${String(family)}`);
    }
  });

  await t.test("lost where the near node does not know the far one any more", async (t) => {
    if (!hasTunnel) return losePeer(t, near, far);
    // Stopped, not ended: flanneld would put the entry back.
    const flanneld = await pidOnNode(own!, near, "flanneld");
    const signal = (name: string) => onNode(own!, near, { argv: ["kill", `-${name}`, flanneld] });
    t.equal((await signal("STOP")).exitCode, 0);
    t.teardown(() => signal("CONT"));
    const tunnel = tunnelOf(FAULTY);
    const shown = await onNode(own!, near, { argv: ["bridge", "fdb", "show", "dev", tunnel] });
    const [, mac = "", dst = ""] = /^(\S+) dst (\S+) self permanent$/m.exec(shown.stdout) ?? [];
    const change = (verb: string) =>
      onNode(own!, near, {
        argv: ["bridge", "fdb", verb, mac, "dev", tunnel, "dst", dst, "self", "permanent"],
      });
    t.equal((await change("del")).exitCode, 0, shown.stdout);
    t.teardown(() => change("append"));
    const { findings } = await trace({ probe: ["ping"] });
    const verdict = findings.flows[0]?.verdict;
    t.match(verdict, { status: "lost", direction: "request", cause: { code: "fdb-entry-missing" } });
    t.same(
      [place(verdict?.lastSeen ?? null), place(verdict?.firstMissing ?? null)],
      [`${near} ${doorOf(FAULTY)}`, `${near} nic eth0`],
    );
  });

  await t.test("delivered again once the faults are gone", async (t) => {
    const { findings } = await trace({ probe: ["ping"] });
    t.equal(findings.flows[0]?.verdict.status, "delivered");
  });
});

/** Without a tunnel: nobody has the MAC that the near node has of the far one. */
async function losePeer(t: Test, near: string, far: string): Promise<void> {
  const node = own!.nodes.find(({ name }) => name === far);
  const address = (FAULTY === 6 ? node?.address6 : node?.address) ?? "";
  const change = (verb: string, ...words: string[]) =>
    onNode(own!, near, { argv: ["ip", "neigh", verb, address, ...words, "dev", "eth0"] });
  t.equal((await change("replace", "lladdr", "02:00:00:00:00:77", "nud", "permanent")).exitCode, 0);
  t.teardown(() => change("del"));
  const { findings } = await trace({ probe: ["ping"] });
  t.match(findings.flows[0]?.verdict, {
    ...{ status: "lost", direction: "request", cause: { code: "neighbour-mac-wrong" } },
  });
}

const keep = own === null || !cluster.madeHere ? "it was up before these tests" : false;
t.test("taken down, it leaves nothing but the cache", { skip: keep }, async (t) => {
  const dir = own!.dir;
  await cluster.release();
  t.same(
    findProcesses((words) => words.some((word) => word.startsWith(`${dir}/`))),
    [],
    "processes",
  );
  t.same(findCgroups(dir), [], "cgroups");
  t.notOk(existsSync(dir), "its folder");
  t.notMatch(readFileSync("/proc/self/mountinfo", "utf8"), dir, "mounts");
});
