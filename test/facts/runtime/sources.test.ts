import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { findSandbox, inspectPod, inspectPods, listPods, readListing } from "../../../lib/cluster/index.js";
import { parseCtr } from "../../../lib/cluster/runtime/ctr.js";
import { parseDocker } from "../../../lib/cluster/runtime/docker.js";
import { parsePodman } from "../../../lib/cluster/runtime/podman.js";
import { parseProc } from "../../../lib/cluster/runtime/proc.js";
import { askedOf, replayNode, type Recorded, type Recording } from "../../fixtures/nodes/replay.js";
import { fc } from "../../fixtures/property.js";

/** Nodes without crictl: what ctr, docker and /proc say of a pod. */

const FOLDER = join(import.meta.dirname, "../../fixtures/nodes/runtime");
const recorded = (name: string): string => readFileSync(join(FOLDER, name), "utf8");
const [CTR, PROC, DOCKER] = ["ctr-containerd-2.4.txt", "proc-containerd-2.4.txt", "docker-20.10.txt"].map(
  recorded,
) as [string, string, string];
const PODMAN = readFileSync(join(FOLDER, "../hand-made/podman.txt"), "utf8");
const SANDBOX = "646e8d65db10dc0970670dc30d3c5dc3a3541d8ea8b132d636539381d5a1805f";
const UID = "7561bd03-740a-4728-b557-4b9212444b3b";
const WEB = {
  namespace: "shop",
  name: "web",
  uid: UID,
  sandboxId: SANDBOX,
  pid: 472,
  hostNetwork: false,
  ips: ["10.244.1.2"],
  cniHostInterfaces: ["cni0", "vethf6149894"],
};
const NO_CRICTL: Recording = {
  "hopbook-crictl  pods -o json": { exitCode: 127, stderr: "crictl: not found" },
};
const missing = (program: string): Recorded => ({ exitCode: 127, stderr: `${program}: not found\n` });

t.test("ctr (containerd 2.4): everything in one", async (t) => {
  const [seen] = parseCtr(CTR, "node-b");
  t.match(seen?.pod, {
    ...WEB,
    netns: { kind: "path", path: "/var/run/netns/cni-5f0475b9-3848-4214-fc61-52362320aada" },
  });
  t.match(seen?.summary, { source: "ctr", attempt: 0, labels: { app: "web" } });
  t.equal(BigInt(seen?.summary.createdAtNs ?? 0) / 1_000_000_000n, 1_795_264_617n);
  const access = replayNode("node-b", {
    ...NO_CRICTL,
    "hopbook-runtime-ctr   ": CTR,
    "hopbook-runtime-ctr  shop web": CTR,
  });
  const [listed] = await listPods(access);
  t.match(await inspectPod(access, listed!), WEB);
  t.match(await findSandbox(access, { namespace: "shop", name: "web", uid: UID }), WEB);
  t.match(await inspectPods(access, [listed!, { ...listed!, sandboxId: "gone" }]), [WEB, null]);
  t.equal(askedOf(access).filter(({ argv }) => argv.includes("hopbook-cni-cache")).length, 0, "it told all");
});

t.test("a sandbox without a task that runs, and what is no sandbox, are no pods", (t) => {
  t.strictSame(
    parseCtr(CTR.replace(`${SANDBOX}    472      RUNNING`, `${SANDBOX}    472      STOPPED`), "n"),
    [],
  );
  t.strictSame(parseCtr(CTR.replaceAll('kind": "sandbox"', 'kind": "container"'), "n"), []);
  t.strictSame(parseCtr(CTR.replaceAll('pod.name": "web"', 'pod.name": "--web"'), "n"), []);
  t.end();
});

t.test("ctr: the host's network, a hostile path, no metadata", (t) => {
  const change = (from: RegExp, to: string) => parseCtr(CTR.replace(from, to), "n")[0]?.pod;
  t.match(change(/,\s*\{\s*"type": "network",[^}]*\}/, ""), {
    netns: { kind: "host" },
    hostNetwork: true,
    cniHostInterfaces: [],
  });
  t.match(change(/"path": "[^"]*cni-[^"]*"/, '"path": "/a/../b"'), {
    netns: { kind: "path", path: "/proc/472/ns/net" },
  });
  t.match(change(/"value": "[^"]*"/, '"value": "bm8="'), { ips: [], cniHostInterfaces: [], pid: 472 });
  t.end();
});

t.test("docker (20.10, labels as cri-dockerd's): addresses and host side are libcni's", async (t) => {
  const pods = parseDocker(DOCKER, "n").map(({ pod }) => pod);
  t.match(pods, [
    { name: "etcd-node-a", netns: { kind: "host" }, hostNetwork: true, pid: 28409 },
    { name: "web", netns: { kind: "path", path: "/proc/28338/ns/net" }, ips: [], hostNetwork: false },
  ]);
  t.match(parseDocker(DOCKER, "n")[1]?.summary, { attempt: 1, source: "docker" });
  const cache = {
    kind: "cniCacheV1",
    ifName: "eth0",
    result: { interfaces: [{ name: "veth1" }], ips: [{ address: "10.9.0.7/24" }] },
  };
  const id = pods[1]?.sandboxId ?? "";
  const access = replayNode("n", {
    ...NO_CRICTL,
    "hopbook-runtime-ctr   ": missing("ctr"),
    "hopbook-runtime-docker   ": DOCKER,
    "hopbook-runtime-docker  shop web": DOCKER,
    [`hopbook-cni-cache ${id}`]: `\u001e${JSON.stringify(cache)}`,
  });
  t.match(await findSandbox(access, { namespace: "shop", name: "web", uid: UID }), {
    ips: ["10.9.0.7"],
    cniHostInterfaces: ["veth1"],
  });
});

t.test("Podman (the shape of 4.9's answers): pods have the namespace podman", async (t) => {
  const pods = parsePodman(PODMAN, "n").map(({ pod }) => pod);
  t.match(pods, [
    {
      ...{ namespace: "podman", name: "shop", pid: 4711, hostNetwork: false, ips: ["10.89.0.2"] },
      netns: { kind: "path", path: "/run/netns/netns-7b8c2d1e-0f4a-3b5c-6d7e-8f9012345678" },
    },
    { name: "agent", netns: { kind: "host" }, hostNetwork: true, ips: [], isolation: "vm" },
  ]);
  t.equal(pods.length, 2, "a name that is none of a pod's is left out");
  const [first] = parsePodman(PODMAN.replace(/"SandboxKey": "[^"]+"/, '"SandboxKey": "/a/../b"'), "n");
  t.strictSame(first?.pod.netns, { kind: "path", path: "/proc/4711/ns/net" });
  t.strictSame(parsePodman("", "n"), []);
  const access = replayNode("n", {
    ...NO_CRICTL,
    "hopbook-runtime-ctr   ": missing("ctr"),
    "hopbook-runtime-docker   ": "[]",
    "hopbook-runtime-podman   ": PODMAN,
    "hopbook-runtime-podman  podman shop": PODMAN,
    [`hopbook-cni-cache ${pods[0]?.sandboxId}`]: "",
  });
  const uid = pods[0]?.uid ?? "";
  t.match(await findSandbox(access, { namespace: "podman", name: "shop", uid }), { ips: ["10.89.0.2"] });
});

t.test("no tool at all: cgroups, the kubelet's folders of logs and libcni's cache", async (t) => {
  t.match(
    parseProc(PROC, "node-b").map(({ pod }) => pod),
    [{ ...WEB, netns: { kind: "path", path: "/proc/472/ns/net" } }],
  );
  const access = replayNode("node-b", {
    ...NO_CRICTL,
    "hopbook-runtime-ctr   ": missing("ctr"),
    "hopbook-runtime-docker   ": missing("docker"),
    "hopbook-runtime-podman   ": missing("podman"),
    "hopbook-runtime-proc   ": PROC,
    "hopbook-runtime-proc  shop web": PROC,
  });
  const found = await findSandbox(access, {
    namespace: "shop",
    name: "web",
    uid: "the mirror's of a static pod",
  });
  t.match(found, WEB, "by its name where the UID is none of the node's");
  await t.rejects(findSandbox(access, { namespace: "shop", name: "nobody", uid: UID }), {
    code: "TARGET_NOT_FOUND",
  });
});

t.test("cgroups as drivers and runtimes write them", (t) => {
  const id = "a".repeat(64);
  const under = UID.replaceAll("-", "_");
  const hash = "0123456789abcdef0123456789abcdef";
  const find = (cgroup: string, uid = UID) =>
    parseProc(`host net:[1]\npod shop_web_${uid}\nprocess 7 net:[2] other ${cgroup}\n`, "n")[0]?.pod
      .sandboxId;
  for (const cgroup of [
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${under}.slice/cri-containerd-${id}.scope`,
    `0::/kubepods.slice/kubepods-pod${under}.slice/crio-${id}.scope/container`,
    `0::/../../kubepods-burstable-pod${under}.slice/cri-containerd-${id}.scope`,
    `0::/../../pod${UID}/${id}`,
    `11:memory:/kubepods/besteffort/pod${UID}/${id}`,
    `1:name=systemd:/kubelet/kubepods/burstable/pod${UID}/${id}`,
    `0::/system.slice/containerd.service/kubepods-besteffort-pod${under}.slice:cri-containerd:${id}`,
    `0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${under}.slice/docker-${id}.scope/system.slice`,
  ]) {
    t.equal(find(cgroup), id, cgroup);
  }
  t.equal(find(`0::/kubepods/burstable/pod${hash}/${id}`, hash), id, "a static pod's");
  t.equal(find(`0::/user.slice/podman-${id}.scope`), undefined);
  const other = "99999999-740a-4728-b557-4b9212444b3b";
  t.equal(
    find(`0::/kubepods/pod${other}/${id}/pod${UID}/${id}`),
    undefined,
    "a pod's own groups are not another's",
  );
  t.end();
});

t.test("which process stands for the pod", (t) => {
  const id = "a".repeat(64);
  const see = (...processes: string[]) => {
    const lines = processes.map((line) => `process ${line.replace("@", `0::/kubepods/pod${UID}/${id}`)}`);
    return parseProc(["host net:[1]", `pod shop_web_${UID}`, ...lines, ""].join("\n"), "n")[0]?.pod;
  };
  t.match(see("9 net:[2] other @", "12 net:[2] pause @"), { pid: 12 }, "the sandbox's own");
  t.match(
    see("9 net:[3] other @/nested", "12 net:[2] other @"),
    { pid: 12 },
    "not one of a namespace within",
  );
  t.match(
    see("4 net:[1] conmon @", "9 net:[2] other @"),
    { pid: 9, hostNetwork: false },
    "not CRI-O's monitor",
  );
  t.match(see("4 net:[1] other @", "9 net:[2] other @"), { pid: 9, hostNetwork: false });
  t.match(see("4 net:[1] other @"), { pid: 4, netns: { kind: "host" }, hostNetwork: true });
  t.equal(see("4 net:[1] conmon @"), undefined);
  t.equal(see(), undefined, "a folder of logs alone is no pod");
  t.end();
});

t.test("libcni's files: of this sandbox, the pod's own network first", (t) => {
  const [id, old] = ["a".repeat(64), "b".repeat(64)];
  const head = `host net:[1]\npod shop_web_${UID}\nprocess 7 net:[2] pause 0::/kubepods/pod${UID}/${id}\n`;
  const file = (name: string, ip: string, uid = UID) =>
    `\u001e${name}\nuid ${uid}\n${JSON.stringify({ result: { ips: [{ address: `${ip}/24` }], interfaces: [] } })}`;
  const ips = (...files: string[]) => parseProc(head + files.join(""), "n")[0]?.pod.ips;
  t.strictSame(
    ips(
      file(`a-${id}-net1`, "10.0.0.1"),
      file(`z-${id}-eth0`, "10.0.0.2"),
      file(`z-${old}-eth0`, "10.0.0.3"),
    ),
    ["10.0.0.2", "10.0.0.1"],
  );
  t.strictSame(ips(file(`z-${old}-eth0`, "10.0.0.3")), ["10.0.0.3"], "CRI-O: no process of the sandbox's");
  t.strictSame(
    ips(file(`z-${old}-eth0`, "10.0.0.3"), file(`z-${"c".repeat(64)}-eth0`, "10.0.0.4")),
    [],
    "which one?",
  );
  t.strictSame(ips(file(`z-${old}-eth0`, "10.0.0.3", "someone-else")), []);
  t.end();
});

t.test("addresses by ip, where nothing else tells", async (t) => {
  const proc = `host net:[1]\npod shop_web_${UID}\nprocess 7 net:[2] pause 0::/kubepods/pod${UID}/${SANDBOX}\n`;
  const link = (ifname: string, ...addresses: string[]) => ({
    ifname,
    addr_info: addresses.map((local) => ({ local, scope: "global" })),
  });
  const access = replayNode("n", {
    "hopbook-runtime-proc  shop web": proc,
    [`hopbook-cni-cache ${SANDBOX}`]: "",
    "hopbook-runtime-addresses /proc/7/ns/net": JSON.stringify([
      link("lo", "9.9.9.9"),
      link("eth0", "10.1.1.1", "--x"),
    ]),
  });
  const [summary] = parseProc(proc, "n").map((seen) => seen.summary);
  t.match(await inspectPod(access, summary!), { ips: ["10.1.1.1"], cniHostInterfaces: [] });
  const gone = replayNode("n", { "hopbook-runtime-proc  shop web": "host net:[1]\n" });
  await t.rejects(inspectPod(gone, summary!), { code: "TARGET_NOT_FOUND" });
});

t.test("each one's reason where nothing knows the pods; crictl's own where it is there", async (t) => {
  const nothing: Recording = {
    "hopbook-runtime-ctr   ": missing("ctr"),
    "hopbook-runtime-docker   ": { exitCode: 1, stderr: "Cannot connect to the Docker daemon\n" },
    "hopbook-runtime-podman   ": missing("podman"),
    "hopbook-runtime-proc   ": missing("readlink"),
  };
  await t.rejects(listPods(replayNode("n", { ...NO_CRICTL, ...nothing })), {
    code: "RUNTIME_UNAVAILABLE",
    detail: /ctr: not found[\s\S]*docker: Cannot connect[\s\S]*readlink: not found/,
  });
  const down: Recording = { "hopbook-crictl  pods -o json": { exitCode: 1, stderr: "connection refused" } };
  await t.rejects(listPods(replayNode("n", { ...down, ...nothing })), {
    code: "RUNTIME_UNAVAILABLE",
    detail: /connection refused/,
  });
  const alive = replayNode("n", { ...down, ...nothing, "hopbook-runtime-proc   ": PROC });
  t.match(
    await listPods(alive),
    [{ name: "web", source: "proc" }],
    "a runtime that is down does not end its pods",
  );
  const named = replayNode("n", {
    "hopbook-crictl unix:///x pods -o json": { exitCode: 1, stderr: "no socket" },
  });
  await t.rejects(
    listPods(named, { endpoint: "unix:///x" }),
    { code: "RUNTIME_UNAVAILABLE", detail: /no socket/ },
    "the profile's word is to be put right",
  );
});

t.test("crictl that lists and does not inspect (cri-dockerd)", async (t) => {
  const summary = {
    namespace: "shop",
    name: "web",
    uid: UID,
    node: "n",
    sandboxId: SANDBOX,
    attempt: 0,
    createdAtNs: "0",
    labels: { app: "x" },
  };
  const access = replayNode("n", {
    "hopbook-crictl  ps -o json": JSON.stringify({
      containers: [{ id: "c", podSandboxId: SANDBOX, metadata: { name: "app" } }],
    }),
    [`hopbook-inspectp  ${SANDBOX}`]: `\u001e${JSON.stringify({ status: { network: { ip: "10.244.1.2" } } })}`,
    "hopbook-runtime-ctr  shop web": missing("ctr"),
    "hopbook-runtime-docker  shop web": missing("docker"),
    "hopbook-runtime-podman  shop web": missing("podman"),
    "hopbook-runtime-proc  shop web": PROC,
  });
  t.match(await inspectPod(access, summary), { ...WEB, labels: { app: "x" }, containers: [{ name: "app" }] });
});

t.test("whose pods a listing names", (t) => {
  const argv = (name: string, ...rest: string[]) => ["sh", "-c", "", name, "", ...rest] as const;
  t.strictSame(readListing(argv("hopbook-runtime-proc"), PROC, "n"), ["shop/web"]);
  t.strictSame(readListing(argv("hopbook-crictl", "pods"), "{}", "n"), []);
  t.equal(readListing(argv("hopbook-crictl", "ps"), "{}", "n"), null);
  t.end();
});

t.test("whatever is printed, a parser returns pods with usable names and paths", (t) => {
  const words = fc.constantFrom(
    "host ",
    "pod ",
    "process ",
    "net:[1]",
    "_",
    "\u001e",
    "\n",
    " ",
    "/pod",
    UID,
    "{",
    '"',
    "[",
  );
  const text = fc.array(fc.oneof(words, fc.string()), { maxLength: 40 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (printed) => {
      for (const { pod } of [
        ...parseProc(printed, "n"),
        ...parseCtr(printed, "n"),
        ...parseDocker(printed, "n"),
      ]) {
        if (!/^[0-9a-z.-]+$/.test(pod.name + pod.namespace)) throw new Error(pod.name);
      }
    }),
  );
  t.end();
});
