import t from "tap";
import { openAccess } from "../../lib/access/registry.js";
import { buildTrialPod } from "../../lib/session/trial-pod.js";
import { chooseAccess, type AccessPlan } from "../../lib/cluster/index.js";
import { HopbookError } from "../../lib/errors.js";
import { openKube } from "../../lib/kube/index.js";
import type { NodeAccessConfig } from "../../lib/model/access.js";
import type { KubeNode } from "../../lib/model/kube.js";
import { mostMs } from "../fixtures/patience.js";
import { coreApi, waitForServiceAccount } from "./kube.js";
import { PAUSE_IMAGE, TOOLS_IMAGE } from "./names.js";
import { apiOf, makeUsers } from "./rights-users.js";
import { useCluster, whyNoCluster } from "./use.js";

/** Users with nearly all the rights, or with rights of one object. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const cluster = await useCluster((text) => t.comment(text));
if (cluster.own === null) {
  t.comment("the images of this suite are in our own cluster only");
  await cluster.release();
  process.exit(0);
}
const SPACE = "hopbook-rights-edge";
const STRICT = `${SPACE}-strict`;
const [near] = cluster.nodes;
const { kubeconfig } = cluster.own.files;
const core = coreApi(cluster.config);
const users = makeUsers(apiOf(kubeconfig), { namespace: SPACE, kubeconfig });
t.teardown(async () => {
  for (const name of [SPACE, STRICT]) await core.deleteNamespace({ name }).catch(() => undefined);
  await users.release();
  await cluster.release();
});
for (const name of [SPACE, STRICT]) {
  const labels: Record<string, string> =
    name === STRICT ? { "pod-security.kubernetes.io/enforce": "restricted" } : {};
  await core.createNamespace({ body: { metadata: { name, labels } } });
  await waitForServiceAccount(core, name);
  const securityContext = {
    ...{ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    ...{ runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
  };
  const spec = { nodeName: near, containers: [{ name: "c", image: PAUSE_IMAGE, securityContext }] };
  await core.createNamespacedPod({ namespace: name, body: { metadata: { name: "end" }, spec } });
}

const rule = (resource: string, ...verbs: string[]) => ({ resources: [resource], verbs });
const inPods = [rule("pods", "get"), rule("pods/exec", "get", "create")];
const making = [rule("pods", "create", "get", "delete"), rule("pods/exec", "get", "create")];

interface Asked {
  readonly user: string;
  readonly end?: string;
  readonly kube?: Partial<KubeNode>;
  readonly oc?: string;
}

async function choose({ user, end, kube, oc = "/usr/bin/oc" }: Asked): Promise<AccessPlan> {
  const ref = { kubeconfig: [user], namespace: SPACE };
  const node = { name: near, ...(kube === undefined ? {} : { kube: { ...NODE, ...kube } }) };
  const [namespace = "", name = ""] = (end ?? "").split("/");
  const startedAt = performance.now();
  try {
    return await chooseAccess({
      ...{ api: openKube(ref), nodes: [node], programs: { kubectl: "/usr/bin/kubectl", oc } },
      ends: end === undefined ? [] : [{ namespace, name, node: near }],
      manifestOf: buildTrialPod,
      wishes: {
        viaOf: () => "auto",
        configOf: (_, via) => ({ via, ...(via === "ssh" ? {} : { kube: ref }) }) as NodeAccessConfig,
      },
    });
  } finally {
    const tookMs = Math.round(performance.now() - startedAt);
    t.ok(tookMs < mostMs(5000), `${tookMs} ms`);
  }
}

const NODE: KubeNode = {
  ...{ runtime: "containerd://2", ready: true, notReady: null, cordoned: false, taints: [], podCidrs: [] },
  ...{ osImage: "", kernel: "", annotations: {} },
};

const refusal = async (asked: Asked): Promise<HopbookError> => {
  const error = await choose(asked).then(
    ({ choices }) => new Error(`it took ${JSON.stringify(choices)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof HopbookError) return error;
  throw error;
};

t.test("a restricted namespace and pods/exec alone: the pod's own tools", async (t) => {
  const user = await users.add("strict-exec", { rules: inPods, in: STRICT });
  const { choices } = await choose({ user, end: `${STRICT}/end` });
  t.match(choices.at(-1), { target: `${STRICT}/end`, via: "podExec", rejected: [{ via: "ephemeral" }] });
});

t.test("pods/exec of one pod by its name: that pod, and no other", async (t) => {
  const resourceNames = ["end"];
  const rules = [
    { ...rule("pods", "get"), resourceNames },
    { ...rule("pods/exec", "get", "create"), resourceNames },
  ];
  const user = await users.add("one-pod", { rules });
  const { choices, targets } = await choose({ user, end: `${SPACE}/end` });
  t.match(choices.at(-1), { target: `${SPACE}/end`, via: "podExec" });
  t.match(targets, [{ pod: `${SPACE}/end`, access: { via: "podExec" } }]);
  const other = await refusal({ user, end: `${SPACE}/other` });
  t.match(other, { code: "NO_ACCESS", detail: /podExec: this user may not get pods/ });
});

t.test("all but delete: no pod is made that nobody could take away", async (t) => {
  const rules = [rule("pods", "create", "get"), rule("pods/exec", "get", "create")];
  const user = await users.add("no-delete", { rules, cluster: [rule("nodes", "get")] });
  const error = await refusal({ user });
  t.equal(error.code, "NO_ACCESS");
  for (const via of ["debugPod", "kubectlDebug", "ocDebug"])
    t.match(error.detail, new RegExp(`^${via}: this user may not delete pods in ${SPACE}`, "m"));
  t.match(error.detail, `kubectl auth can-i delete pods -n ${SPACE}`);
});

t.test("all but create jobs: a pod that ends by its own deadline, and it is said", async (t) => {
  const user = await users.add("no-jobs", { rules: making });
  const { choices } = await choose({ user });
  t.match(choices, [{ target: near, via: "debugPod" }]);
  const access = await openAccess(
    {
      name: near,
      access: {
        ...{ via: "debugPod", kube: { kubeconfig: [user] }, namespace: SPACE, image: TOOLS_IMAGE },
        keepWarmMs: 60_000,
      },
    },
    { openKube, lease: { runId: "no-jobs", owner: "edge@test", durationMs: 90_000 } },
  );
  t.match(access.made, /no Job may be made in hopbook-rights-edge, .* hopbook reap, nor is it kept warm$/);
  const labelSelector = "app.kubernetes.io/managed-by=hopbook";
  const [pod] = (await core.listNamespacedPod({ namespace: SPACE, labelSelector })).items;
  t.ok((pod?.spec?.activeDeadlineSeconds ?? 0) >= 90, "its own deadline");
  t.equal(pod?.metadata?.ownerReferences, undefined);
  await access.close();
  t.strictSame(access.leftovers?.(), []);
  t.strictSame((await core.listNamespacedPod({ namespace: SPACE, labelSelector })).items, []);
});

t.test("a node that evicts what does not tolerate it: debugPod does, oc's pods do not", async (t) => {
  const taints = [{ key: "maintenance", value: "", effect: "NoExecute" }];
  const admin = kubeconfig;
  const { choices } = await choose({ user: admin, kube: { taints } });
  t.match(choices[0], { via: "debugPod", reason: /the taint maintenance:NoExecute is tolerated/ });
  const rules = [rule("pods", "create", "get"), rule("pods/exec", "get", "create")];
  const user = await users.add("no-way", { rules, cluster: [rule("nodes", "get")] });
  const error = await refusal({ user, kube: { taints } });
  t.match(error.detail, /^ocDebug: its pods tolerate no taint, and the node has maintenance:NoExecute/m);
});
