import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { HopbookError } from "../../../lib/errors.js";
import { inspectPod, inspectPods, listPods, type PodSummary } from "../../../lib/cluster/index.js";
import { RUN_SCRIPT } from "../../../lib/cluster/runtime/crictl.js";
import { CTR_SCRIPT } from "../../../lib/cluster/runtime/ctr.js";
import { parseSandbox } from "../../../lib/cluster/runtime/inspect.js";
import { parseContainers, parsePods } from "../../../lib/cluster/runtime/sandboxes.js";
import { askedOf, replayNode } from "../../fixtures/nodes/replay.js";
import { fc } from "../../fixtures/property.js";

const FOLDER = join(import.meta.dirname, "../../fixtures/nodes");
const real = (name: string): string => readFileSync(join(FOLDER, "../crictl/containerd-2.4", name), "utf8");
const made = (name: string): string => readFileSync(join(FOLDER, "hand-made", name), "utf8");
/** Nor ctr, nor docker, nor a /proc that can be read; see runtime-sources.test.ts. */
const NOTHING_ELSE = Object.fromEntries(
  ["ctr", "docker", "podman", "proc"].map((name) => [`hopbook-runtime-${name}   `, { exitCode: 127 }]),
);
const ID = "29ffd8ed6cd16370703a5da5262ff64ede3daaf05df5ca7462f6cb1126633e3e";
const summary: PodSummary = {
  namespace: "shop",
  name: "client",
  uid: "u",
  node: "node-a",
  sandboxId: ID,
  attempt: 0,
  createdAtNs: "0",
  labels: {},
};

t.test("the real crictl's answers (containerd 2.4)", async (t) => {
  const access = replayNode("node-a", {
    "hopbook-crictl  pods -o json": real("pods.json"),
    "hopbook-crictl  ps -o json": real("ps.json"),
    [`hopbook-inspectp  ${ID}`]: `\u001e${real("inspectp.json")}`,
  });
  const [listed] = await listPods(access);
  t.match(listed, {
    namespace: "shop",
    name: "client",
    node: "node-a",
    sandboxId: ID,
    labels: { app: "client" },
  });
  const pod = await inspectPod(access, listed as PodSummary);
  t.match(pod, {
    pid: 158,
    netns: { kind: "path", path: "/var/run/netns/cni-2c93a555-69a4-0308-1549-9ccf7b089bbc" },
    hostNetwork: false,
    ips: ["10.244.1.10"],
    cniHostInterfaces: ["cni0", "veth55699115"],
    containers: [{ name: "c", state: "CONTAINER_RUNNING" }],
  });
  t.strictSame(
    askedOf(access).map((entry) => entry.action),
    ["runtime/pods", "runtime/inspect", "runtime/pods"],
  );
});

t.test("CRI-O: only runtimeSpec, and libcni's cache for the host side", async (t) => {
  const cache = {
    kind: "cniCacheV1",
    result: { interfaces: [{ name: "veth1a2b3c4d" }, { name: "eth0", sandbox: "/x" }] },
  };
  const access = replayNode("node-a", {
    "hopbook-crictl unix:///run/crio/crio.sock ps -o json": "{}",
    [`hopbook-inspectp unix:///run/crio/crio.sock ${ID}`]: `\u001e${made("crio.json")}`,
    [`hopbook-cni-cache ${ID}`]: `\u001e${JSON.stringify(cache)}`,
  });
  const pod = await inspectPod(access, summary, { endpoint: "unix:///run/crio/crio.sock" });
  t.equal(pod.pid, null);
  t.strictSame(pod.netns, { kind: "path", path: "/var/run/netns/0c1fb9a3" });
  t.strictSame(pod.ips, ["10.128.2.7", "fd01:0:0:5::7"]);
  t.strictSame(pod.cniHostInterfaces, ["veth1a2b3c4d"]);
});

t.test("older CRI-O, host network, no .info", (t) => {
  const parse = (name: string) => parseSandbox(made(name), { summary, containers: [] });
  t.strictSame(parse("crio-older.json").netns, { kind: "path", path: "/proc/4711/ns/net" });
  t.match(parse("host-network.json"), { netns: { kind: "host" }, hostNetwork: true, cniHostInterfaces: [] });
  t.throws(() => parse("cri-dockerd.json"), {
    code: "RUNTIME_UNAVAILABLE",
    message: /neither info\.runtimeSpec/,
  });
  t.throws(
    () =>
      parseSandbox(JSON.stringify({ status: { linux: { namespaces: { network: "/a/../b" } } } }), {
        summary,
        containers: [],
      }),
    { code: "RUNTIME_UNAVAILABLE", message: /cannot be used/ },
  );
  t.end();
});

t.test("other versions of containerd and CRI-O, with Calico and with OVN-Kubernetes", async (t) => {
  const parse = (name: string) => parseSandbox(made(name), { summary, containers: [] });
  t.match(parse("containerd-1.7-calico.json"), {
    ...{ pid: 14017, ips: ["172.30.72.83"], hostNetwork: false },
    netns: { kind: "path", path: "/var/run/netns/cni-f6253b67-2766-fcf2-9100-439a32ce7a9b" },
  });
  t.strictSame(
    parse("containerd-1.7-calico.json").cniHostInterfaces,
    ["cali92b1ab6243b"],
    "eth0 is the pod's own, though no sandbox stands beside it",
  );
  t.match(parse("crio-1.22.json"), {
    ...{ pid: 38091, ips: ["172.30.129.95"], cniHostInterfaces: [] },
    netns: { kind: "path", path: "/var/run/netns/9abac4ae-94a6-4853-b299-e4c1c2c508c0" },
  });
});

t.test("only ready sandboxes, the newest attempt, no hostile names", (t) => {
  const item = (name: string, change: object = {}, attempt = 0) => ({
    id: `id-${name}-${attempt}`,
    metadata: { name, namespace: "shop", uid: name, attempt },
    state: "SANDBOX_READY",
    createdAt: "5",
    ...change,
  });
  const items = [
    item("a"),
    item("a", {}, 2),
    item("a", {}, 1),
    item("gone", { state: "SANDBOX_NOTREADY" }),
    item("--privileged"),
    item("x\u001b[2J"),
    item("b", { id: "-rf" }),
    item("c", { createdAt: "7", id: "newer" }),
    item("c", { createdAt: "6", id: "older" }),
  ];
  const pods = parsePods(JSON.stringify({ items }), "n");
  t.strictSame(
    pods.map((pod) => pod.sandboxId),
    ["id-a-2", "newer"],
  );
  t.end();
});

t.test("a runtime that fails says why", async (t) => {
  const failing = (recorded: { exitCode: number; stderr?: string; stdout?: string }) =>
    replayNode("node-a", { "hopbook-crictl  pods -o json": recorded, ...NOTHING_ELSE });
  await t.rejects(listPods(failing({ exitCode: 1, stderr: "connect: no such file or directory" })), {
    code: "RUNTIME_UNAVAILABLE",
    detail: /no such file/,
  });
  await t.rejects(listPods(failing({ exitCode: 0, stdout: "NAME STATE" })), {
    code: "RUNTIME_UNAVAILABLE",
  });
  const access = replayNode("node-a", {
    [`hopbook-inspectp  ${ID} gone`]: `\u001e${real("inspectp.json")}\u001e`,
  });
  const pods = await inspectPods(access, [summary, { ...summary, sandboxId: "gone" }]);
  t.equal(pods[0]?.ips[0], "10.244.1.10");
  t.equal(pods[1], null, "a pod that went away leaves the others");
});

t.test("whatever is printed, only HopbookErrors come out", (t) => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"items":[${json}],"info":${json},"status":${json}}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const parse of [
        () => parsePods(text, "n"),
        () => parseContainers(text, "n"),
        () => parseSandbox(text, { summary, containers: [] }),
      ]) {
        try {
          parse();
        } catch (error) {
          if (!(error instanceof HopbookError)) throw error;
        }
      }
    }),
    { numRuns: 1000 },
  );
  t.pass("1000 random answers");
  t.end();
});

t.test("Kata and gVisor are known by their runtime, whoever tells its name", (t) => {
  const isolationOf = (value: object): unknown => {
    const spec = { runtimeSpec: { linux: { namespaces: [{ type: "network", path: "/var/run/netns/x" }] } } };
    const { info = {}, ...rest } = value as { info?: object };
    const text = JSON.stringify({ info: { ...spec, ...info }, ...rest });
    return parseSandbox(text, { summary, containers: [] }).isolation;
  };
  t.equal(isolationOf({ info: { runtimeType: "io.containerd.kata.v2", runtimeHandler: "sandboxed" } }), "vm");
  t.equal(isolationOf({ info: { runtimeType: "io.containerd.runsc.v1" } }), "user-kernel");
  t.equal(isolationOf({ status: { runtimeHandler: "kata-qemu" } }), "vm");
  t.equal(isolationOf({ info: { runtimeType: "io.containerd.runc.v2", runtimeHandler: "" } }), undefined);
  const annotations = { "io.kubernetes.cri-o.RuntimeHandler": "kata" };
  const crio = { linux: { namespaces: [{ type: "network", path: "/var/run/netns/x" }] }, annotations };
  t.equal(isolationOf({ info: { runtimeSpec: crio } }), "vm");
  t.end();
});

t.test("sockets of k3s, rke2, microk8s, k0s and CRI-O are tried", (t) => {
  for (const place of ["/run/k3s/containerd/", "/snap/microk8s/common/run/", "/run/k0s/", "/run/crio/"]) {
    t.ok(RUN_SCRIPT.includes(place), place);
  }
  t.ok(CTR_SCRIPT.includes("/snap/microk8s/common/run/containerd.sock"));
  t.ok(CTR_SCRIPT.includes("/snap/microk8s/current/bin"));
  t.end();
});
