import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { openAccess } from "../../lib/access/registry.js";
import { findSandbox, listPods } from "../../lib/cluster/index.js";
import { seePods } from "../../lib/cluster/runtime/sources.js";
import { openKube } from "../../lib/kube/index.js";
import type { NodeAccess, NodeAccessConfig } from "../../lib/model/access.js";
import { writeFakeOc } from "./fake-oc.js";
import { coreApi } from "./kube.js";
import { useCluster, whyNoCluster } from "./use.js";
import { trust } from "../fixtures/trust.js";

/** Ways in by the person's own kubectl and oc, and nodes without crictl, on the real cluster. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}

const work = mkdtempSync(join(tmpdir(), "hopbook-ways-"));
const cluster = await useCluster((text) => t.comment(text));
const { config, nodes, own } = cluster;
const NAMESPACE = "hopbook-ways";
const IMAGE = process.env["HOPBOOK_TEST_CLIENT_IMAGE"] ?? "registry.test/tools:1";
const api = coreApi(config);
await api.createNamespace({ body: { metadata: { name: NAMESPACE } } });
t.teardown(async () => {
  rmSync(work, { recursive: true, force: true });
  await api.deleteNamespace({ name: NAMESPACE });
  await cluster.release();
});

const kubectl = own?.kubectl ?? "kubectl";
const kube = { kubeconfig: [own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? ""] };
const ACTION = { action: "test", timeoutMs: 15_000 };

function open(access: Partial<NodeAccessConfig> & { via: "kubectlDebug" | "ocDebug" }, node = nodes[1]) {
  const full = { kube, namespace: NAMESPACE, image: IMAGE, kubectl, ...access } as NodeAccessConfig;
  const lease = { runId: `ways-${process.pid}`, owner: "ways@test", durationMs: 120_000 };
  return openAccess({ name: node, access: full }, { openKube, lease });
}

async function checkExitCodes(t: Test, access: NodeAccess): Promise<void> {
  const run = (...argv: [string, ...string[]]) => access.exec(argv, ACTION);
  for (const code of [0, 1, 2, 137, 255]) {
    const result = await run("sh", "-c", `printf out; printf err >&2; exit ${code}`);
    t.match(result, { exitCode: code, signal: null }, `exit code ${code}`);
    t.equal(`${result.stdout.toString()}|${result.stderr.toString()}`, "out|err", `streams apart, ${code}`);
  }
  t.match(await run("/etc/passwd"), { exitCode: 126 });
  t.match(await run("no-such-program"), { exitCode: 127 });
  t.match(await run("sh", "-c", "kill -TERM $$"), { exitCode: 143, signal: null }, "a signal is 128 + N");
  const forged = await run("sh", "-c", "echo 'command terminated with exit code 3' >&2; exit 4");
  t.equal(
    forged.stderr.toString(),
    "command terminated with exit code 3\n",
    "only kubectl's own word is taken off",
  );
  t.equal(forged.exitCode, 4);
  const echoed = await access.exec(["cat"], { ...ACTION, stdin: Buffer.from([0, 255, 13, 10, 0]) });
  t.strictSame([...echoed.stdout], [0, 255, 13, 10, 0]);
  const slow = await access.exec(["sleep", "60"], { ...ACTION, timeoutMs: 500 });
  t.match(slow, { timedOut: true, exitCode: null });
}

const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

const left = async (): Promise<string[]> =>
  (await api.listNamespacedPod({ namespace: NAMESPACE })).items.map(({ metadata }) => metadata?.name ?? "");

t.test("kubectlDebug: exit codes, streams, a hundred megabytes, nothing left", async (t) => {
  const access = await open({ via: "kubectlDebug" });
  const [pod] = (await api.listNamespacedPod({ namespace: NAMESPACE })).items;
  t.match(pod?.metadata?.labels, { "app.kubernetes.io/managed-by": "hopbook" });
  t.match(pod?.metadata?.ownerReferences, [{ kind: "Job" }], "what Kubernetes itself ends");
  t.match(pod?.spec, { activeDeadlineSeconds: 120 });
  await checkExitCodes(t, access);
  t.equal((await access.exec(["hostname"], ACTION)).stdout.toString(), `${nodes[1]}\n`, "as on the node");
  const bytes = 100_000_000;
  const print = `{ head -c ${bytes} /dev/urandom | tee /dev/fd/3 | sha256sum >&2; } 3>&1`;
  const startedAt = Date.now();
  const printed = await access.exec(["sh", "-c", print], { ...ACTION, maxOutputBytes: 2 * bytes });
  t.comment(`printed at ${Math.round(bytes / 1e3 / (Date.now() - startedAt))} MB/s`);
  t.equal(printed.stdout.length, bytes);
  t.equal(printed.stderr.toString().split(" ")[0], sha256(printed.stdout));
  const program = "/usr/bin/tcpdump";
  const pulled = await access.pull(program, join(work, "pulled"), { ...ACTION, timeoutMs: 60_000 });
  const [sum] = (await access.exec(["sha256sum", program], ACTION)).stdout.toString().split(" ");
  t.strictSame([pulled.sha256, sha256(readFileSync(join(work, "pulled")))], [sum, sum]);
  const stream = access.stream(["sh", "-c", "while read -r line; do echo got $line; done; exit 5"], {
    action: "test",
  });
  stream.write("one\n");
  stream.end();
  const lines: string[] = [];
  for await (const line of stream.stdoutLines) lines.push(line);
  t.strictSame(
    [lines, await stream.done],
    [["got one"], { exitCode: 5, signal: null, transportLost: false }],
  );
  await access.close();
  t.strictSame([access.leftovers?.(), await left()], [[], []]);
});

t.test("kubectlDebug: what cannot be, in kubectl's own words, and nothing left", async (t) => {
  await t.rejects(open({ via: "kubectlDebug", kubectl: "no-kubectl-here" }), {
    code: "TOOL_MISSING",
    hint: /Install no-kubectl-here/,
  });
  await t.rejects(open({ via: "kubectlDebug", profile: "netadmin" }), {
    code: "NODE_UNREACHABLE",
    hint: /access.profile: sysadmin/,
  });
  await t.rejects(open({ via: "kubectlDebug", namespace: "no-such-namespace" }), { code: "KUBE_NOT_FOUND" });
  await t.rejects(open({ via: "kubectlDebug", image: "registry.test/none:9" }), { code: "POD_NOT_STARTED" });
  const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
  const body = [
    { op: "add", path: "/metadata/labels/pod-security.kubernetes.io~1enforce", value: "baseline" },
  ];
  await api.patchNamespace({ name: NAMESPACE, body });
  await t.rejects(
    open({ via: "kubectlDebug" }),
    { code: "KUBE_REFUSED", message: /violates PodSecurity/ },
    labels,
  );
  await api.patchNamespace({ name: NAMESPACE, body: [{ op: "remove", path: body[0]?.path }] });
  t.strictSame(await left(), []);
});

t.test("ocDebug: its command lines, by an oc that does as the real one was recorded to", async (t) => {
  const oc = writeFakeOc(work, { kubectl, image: IMAGE, namespace: NAMESPACE });
  const access = await open({ via: "ocDebug", oc, asRoot: true, image: undefined } as never);
  t.match(await access.exec(["hostname"], ACTION), { exitCode: 0 });
  await access.close();
  t.strictSame([access.leftovers?.(), await left()], [[], []]);
});

t.test(
  "the node without crictl says the same of a pod by ctr and by /proc",
  { skip: own === null },
  async (t) => {
    const node = own?.nodes.find(({ hasCrictl }) => !hasCrictl);
    if (node === undefined) return;
    const { name, pid, startTimeTicks } = node;
    const access = await openAccess({ name, access: { via: "local", pid, startTimeTicks } });
    const pod = await api.readNamespacedPod({ name: "web", namespace: "shop" });
    const listed = await listPods(trust(access));
    t.ok(listed.some((each) => each.name === "web" && each.source === "ctr"));
    const found = await findSandbox(trust(access), {
      namespace: "shop",
      name: "web",
      uid: pod.metadata?.uid ?? "",
    });
    t.strictSame(found.ips, [pod.status?.podIP]);
    t.equal(found.cniHostInterfaces.length, 2, "the bridge and the veth");
    const [seen] = await seePods(trust(access), { action: "runtime/inspect", source: "proc", only: found });
    const facts = ({ uid, sandboxId, pid: process, ips, cniHostInterfaces }: typeof found) => ({
      uid,
      sandboxId,
      process,
      ips,
      cniHostInterfaces,
    });
    t.strictSame(facts(seen!.pod), facts(found));
    const inode = async (path: string) =>
      (await access.exec(["stat", "-Lc", "%i", path], ACTION)).stdout.toString();
    const [a, b] = [found.netns, seen!.pod.netns].map((netns) => (netns.kind === "path" ? netns.path : ""));
    t.equal(await inode(a ?? ""), await inode(b ?? ""), "one network namespace by two paths");
    await access.close();
  },
);
