import t from "tap";
import { choosePod, whyUnusable } from "../../../lib/cluster/ends/choose-pod.js";
import { readKubeNode, readKubePod, type KubePod } from "../../../lib/cluster/facts/objects.js";
import { spellSelector } from "../../../lib/cluster/facts/pods.js";
import { trimKubeObject } from "../../../lib/cluster/facts/trim.js";

const POD = {
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u-1",
    labels: { app: "web" },
    ownerReferences: [{ uid: "o-1" }],
  },
  spec: { nodeName: "node-a", containers: [{ env: [{ name: "PASSWORD", value: "secret" }] }] },
  status: {
    phase: "Running",
    podIP: "10.0.0.1",
    podIPs: [{ ip: "10.0.0.1" }, { ip: "FD00::1" }],
    conditions: [{ type: "Ready", status: "True" }],
    containerStatuses: [{ containerID: "containerd://abc" }],
  },
};

t.test("a pod as the API has it", (t) => {
  t.strictSame(readKubePod(POD), {
    ...{ namespace: "shop", name: "web", uid: "u-1", runtimeUid: "u-1", node: "node-a", hostNetwork: false },
    ...{
      phase: "Running",
      trouble: null,
      isReady: true,
      unready: null,
      isEnding: false,
      ips: ["10.0.0.1", "fd00::1"],
    },
    ...{ labels: { app: "web" }, containerIds: ["abc"], owners: ["o-1"] },
  });
  const annotations = { "kubernetes.io/config.mirror": "hash-1", "kubernetes.io/config.hash": "hash-1" };
  const mirrored = { ...POD, metadata: { ...POD.metadata, annotations } };
  t.equal(readKubePod(mirrored)?.runtimeUid, "hash-1", "a static pod goes by its file's hash");
  const hashed = { ...POD, metadata: { ...POD.metadata, annotations: { "kubernetes.io/config.hash": "x" } } };
  t.equal(readKubePod(hashed)?.runtimeUid, "u-1", "a hash without a mirror is somebody's annotation");
  for (const value of [null, 1, "x", [], {}, { metadata: { name: "../x", namespace: "a", uid: "1" } }])
    t.equal(readKubePod(value), null);
  t.equal(
    readKubePod({ ...POD, spec: { nodeName: "-x y" } })?.node,
    null,
    "a node's name is no argument of ours",
  );
  t.end();
});

t.test("why a pod cannot be looked into", (t) => {
  const trouble = (status: object): string | null => readKubePod({ ...POD, status })?.trouble ?? null;
  const unschedulable = {
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "0/2 nodes",
  };
  t.equal(
    trouble({ phase: "Pending", conditions: [unschedulable] }),
    "it is Pending: Unschedulable: 0/2 nodes",
  );
  const waiting = { state: { waiting: { reason: "ErrImagePull", message: "no such\u001b[31m image" } } };
  t.equal(
    trouble({ phase: "Pending", containerStatuses: [{}, waiting] }),
    "it is Pending: ErrImagePull: no such [31m image",
    "in the API's words, which a terminal can take",
  );
  const sandbox = [{ type: "PodReadyToStartContainers", status: "True" }];
  t.equal(trouble({ phase: "Pending", conditions: sandbox }), null, "its sandbox is there");
  t.equal(
    trouble({ phase: "Running", containerStatuses: [waiting] }),
    null,
    "a pod in CrashLoopBackOff has a network",
  );
  t.equal(trouble({ phase: "Failed", reason: "Evicted", message: "disk" }), "it is Failed: Evicted: disk");
  t.equal(trouble({ phase: "Succeeded" }), "it is Succeeded");
  t.equal(whyUnusable({ ...(readKubePod(POD) as KubePod), node: null }), "it is on no node yet");
  t.end();
});

t.test("one pod of several", (t) => {
  const pod = (name: string, more: Partial<KubePod> = {}): KubePod => ({
    ...(readKubePod(POD) as KubePod),
    name,
    ...more,
  });
  const all = [
    pod("c"),
    pod("b", { isReady: false }),
    pod("a", { node: "node-b" }),
    pod("d", { trouble: "it is Failed" }),
  ];
  const choose = (pods: readonly KubePod[], away: string | null): string =>
    choosePod(pods, { text: "deploy/web", away }).pod.name;
  t.equal(choose(all, null), "a", "the first by name");
  t.equal(choose(all, "node-b"), "c", "on another node, a ready one");
  t.equal(choose([...all].reverse(), "node-b"), "c", "however the API sorts them");
  t.equal(choose([pod("e", { node: "node-b" })], "node-b"), "e", "better on the same node than none");
  t.match(
    choosePod(all, { text: "deploy/web", away: "node-b" }).note,
    /of 3 pods shop\/c on node-a is taken, which is not/,
  );
  t.equal(choosePod([pod("x")], { text: "deploy/web", away: null }).note, null, "there was no choice");
  t.throws(() => choosePod([], { text: "deploy/web", away: null }), {
    code: "TARGET_NOT_FOUND",
    message: /there is none/,
  });
  t.throws(() => choosePod([pod("d", { trouble: "it is Failed" })], { text: "deploy/web", away: null }), {
    code: "TARGET_NOT_FOUND",
    detail: "shop/d: it is Failed",
  });
  t.end();
});

t.test("selectors as a query takes them", (t) => {
  t.equal(spellSelector({ matchLabels: { app: "web", tier: "front" } }), "app=web,tier=front");
  const matchExpressions = [
    { key: "a", operator: "In", values: ["1", "2"] },
    { key: "b", operator: "NotIn", values: ["3"] },
    { key: "c", operator: "Exists" },
    { key: "d", operator: "DoesNotExist" },
  ];
  t.equal(spellSelector({ matchExpressions }), "a in (1,2),b notin (3),c,!d");
  const numbered = { matchLabels: { app: "web", version: 2 } };
  t.equal(spellSelector(numbered), null, "without the one that is no text more would be asked for");
  t.equal(spellSelector({}), null, "what selects nothing would be asked for as everything");
  t.equal(spellSelector({ matchExpressions: [{ key: "a", operator: "Gt", values: ["1"] }] }), null);
  t.end();
});

t.test("a node as the API has it", (t) => {
  const answer = {
    metadata: { name: "node-a", uid: "node-uid", annotations: { "projectcalico.org/x": "y", other: "z" } },
    spec: { unschedulable: true, taints: [{ key: "k", effect: "NoSchedule" }], podCIDRs: ["10.0.0.0/24"] },
    status: {
      addresses: [
        { type: "Hostname", address: "node-a" },
        { type: "InternalIP", address: "10.1.0.1" },
      ],
      conditions: [
        { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "kubelet stopped" },
      ],
      nodeInfo: { containerRuntimeVersion: "containerd://2.4", machineID: "0123abcd" },
    },
  };
  const node = readKubeNode(trimKubeObject(answer, { annotations: ["projectcalico.org"] }));
  t.match(node, {
    ...{ name: "node-a", address: "10.1.0.1" },
    kube: {
      ...{ machineId: "0123abcd", uid: "node-uid" },
      ...{
        runtime: "containerd://2.4",
        ready: false,
        notReady: "NodeStatusUnknown: kubelet stopped",
        cordoned: true,
      },
      ...{ taints: [{ key: "k", value: "", effect: "NoSchedule" }], podCidrs: ["10.0.0.0/24"] },
      annotations: { "projectcalico.org/x": "y" },
    },
  });
  t.notOk(Object.hasOwn(node?.kube?.annotations ?? {}, "other"));
  t.equal(readKubeNode({ metadata: { name: "-rf" } }), null);
  t.end();
});

t.test("what nobody looks at is dropped, above all what may be secret", (t) => {
  const annotations = {
    "kubectl.kubernetes.io/last-applied-configuration": "secret",
    "kubernetes.io/config.hash": "x",
  };
  const trimmed = trimKubeObject({
    ...POD,
    metadata: { ...POD.metadata, annotations },
    data: { token: "secret" },
  });
  t.notMatch(JSON.stringify(trimmed), /secret/);
  t.strictSame(readKubePod(trimmed), readKubePod({ ...POD, metadata: { ...POD.metadata, annotations } }));
  const config = {
    metadata: { name: "x", uid: "u" },
    data: { mode: "vxlan", other: "secret" },
    spec: { a: { b: 1, c: 2 } },
  };
  t.strictSame(
    trimKubeObject(config, { keep: [["data", "mode"], ["spec", "a", "b"], ["none"], ["data", "__proto__"]] }),
    {
      metadata: { name: "x" },
      data: { mode: "vxlan" },
      spec: { a: { b: 1 } },
    },
  );
  t.strictSame(
    trimKubeObject(config, {
      keep: [
        ["spec", "a"],
        ["spec", "a", "b"],
      ],
    }),
    { metadata: { name: "x" }, spec: { a: { b: 1, c: 2 } } },
  );
  t.end();
});
