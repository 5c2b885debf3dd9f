import t from "tap";
import { createServer } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTrialPod } from "../../lib/session/trial-pod.js";
import { chooseAccess, readKubeNode, type AccessPlan, type AccessWishes } from "../../lib/cluster/index.js";
import { HopbookError } from "../../lib/errors.js";
import type { NodeAccessConfig, Via } from "../../lib/model/access.js";
import type { KubeApi } from "../../lib/model/kube.js";
import { mostMs } from "../fixtures/patience.js";
import { apiOf, makeUsers } from "./rights-users.js";
import { until } from "./run.js";
import { useCluster, whyNoCluster } from "./use.js";

const why = whyNoCluster();
if (why !== null) {
  t.comment(why);
  process.exit(0);
}

const PREFIX = "rights-test";
const cluster = await useCluster((text) => t.comment(text));
const kubeconfig = process.env["HOPBOOK_TEST_KUBECONFIG"] ?? cluster.own?.files.kubeconfig ?? "";
const admin = apiOf(kubeconfig);
const CORE = { group: "", version: "v1" } as const;
const ENFORCE = "pod-security.kubernetes.io/enforce";
const [near, far] = cluster.nodes;

const SPACES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  users: {},
  free: {},
  priv: { [ENFORCE]: "privileged" },
  base: { [ENFORCE]: "baseline" },
  rest: { [ENFORCE]: "restricted" },
  quota: {},
  deny: { "hopbook-test": PREFIX },
};
const space = (name: string): string => `${PREFIX}-${name}`;
const users = makeUsers(admin, { namespace: space("users"), kubeconfig });
const POLICY = {
  group: "admissionregistration.k8s.io",
  version: "v1",
} as const;

async function makeSpaces(): Promise<void> {
  for (const [name, labels] of Object.entries(SPACES)) {
    await admin.request({
      ...{ ...CORE, verb: "create", resource: "namespaces" },
      body: { metadata: { name: space(name), labels } },
    });
  }
  for (const name of ["free", "base", "rest", "quota"]) {
    await until("the namespace has its ServiceAccount", 20_000, () =>
      admin
        .request({
          ...CORE,
          verb: "get",
          resource: "serviceaccounts",
          namespace: space(name),
          name: "default",
        })
        .then(
          () => true,
          () => null,
        ),
    );
    await admin.request({
      ...{ ...CORE, verb: "create", resource: "pods", namespace: space(name) },
      body: endPod(),
    });
  }
  await admin.request({
    ...{ ...CORE, verb: "create", resource: "resourcequotas", namespace: space("quota") },
    body: { metadata: { name: "none" }, spec: { hard: { pods: "0" } } },
  });
  await makePolicy("deny", {
    expression: "!object.spec.hostPID",
    message: "no pod here sees the node's processes",
  });
  await makePolicy("kubectl", {
    namespace: "priv",
    // What an operator writes who lets people use kubectl debug and nothing else.
    expression: `!request.userInfo.username.endsWith(':only-kubectl') || (has(object.metadata.labels) && 'app.kubernetes.io/managed-by' in object.metadata.labels && object.metadata.labels['app.kubernetes.io/managed-by'] == 'kubectl-debug')`,
    message: "only kubectl debug may make pods here",
  });
}

async function makePolicy(
  name: string,
  rule: { readonly expression: string; readonly message: string; readonly namespace?: string },
): Promise<void> {
  const { namespace = name, ...validation } = rule;
  const matchLabels = { "kubernetes.io/metadata.name": space(namespace) };
  await admin.request({
    ...{ ...POLICY, verb: "create", resource: "validatingadmissionpolicies" },
    body: {
      metadata: { name: space(name) },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
          ],
        },
        validations: [validation],
      },
    },
  });
  await admin.request({
    ...{ ...POLICY, verb: "create", resource: "validatingadmissionpolicybindings" },
    body: {
      metadata: { name: space(name) },
      spec: {
        policyName: space(name),
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels } },
      },
    },
  });
}

function endPod(): object {
  return {
    metadata: { name: "end" },
    spec: {
      nodeName: near,
      automountServiceAccountToken: false,
      containers: [
        {
          name: "c",
          image: "registry.test/pause:1",
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            runAsNonRoot: true,
            runAsUser: 65534,
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      ],
      terminationGracePeriodSeconds: 0,
    },
  };
}

t.teardown(async () => {
  for (const name of Object.keys(SPACES)) {
    const gone = { ...CORE, verb: "delete", resource: "namespaces", name: space(name) } as const;
    await admin.request(gone).catch(() => undefined);
  }
  for (const name of Object.keys(SPACES)) {
    const look = { ...CORE, verb: "get", resource: "namespaces", name: space(name) } as const;
    await until("the namespaces are gone", 60_000, () =>
      admin.request(look).then(
        () => null,
        () => true,
      ),
    );
  }
  for (const name of ["deny", "kubectl"]) {
    for (const resource of ["validatingadmissionpolicybindings", "validatingadmissionpolicies"]) {
      await admin.request({ ...POLICY, verb: "delete", resource, name: space(name) }).catch(() => undefined);
    }
  }
  await users.release();
  await cluster.release();
});
await makeSpaces();

interface Asked {
  readonly kubeconfig?: string;
  /** The context's namespace. */
  readonly namespace?: string;
  /** The profile's keys, by way. */
  readonly keys?: Partial<Record<Via, object>>;
  readonly kubectl?: string | null;
  /** `namespace/pod`, on the near node. */
  readonly ends?: readonly string[];
  readonly nodes?: readonly string[];
  readonly api?: KubeApi;
}

async function choose(asked: Asked): Promise<AccessPlan> {
  const ref = {
    kubeconfig: [asked.kubeconfig ?? kubeconfig],
    ...(asked.namespace === undefined ? {} : { namespace: asked.namespace }),
  };
  const wishes: AccessWishes = {
    viaOf: () => "auto",
    configOf: (_node, via) =>
      ({ via, ...(via === "ssh" ? {} : { kube: ref }), ...asked.keys?.[via] }) as NodeAccessConfig,
  };
  const listed = await admin.list<unknown>({ ...CORE, resource: "nodes" });
  const known = new Map(listed.flatMap((item) => readKubeNode(item) ?? []).map((node) => [node.name, node]));
  const ends = (asked.ends ?? []).map((end) => {
    const [namespace = "", name = ""] = end.split("/");
    return { namespace, name, node: near };
  });
  const startedAt = performance.now();
  try {
    return await chooseAccess({
      api: asked.api ?? apiOf(ref.kubeconfig[0] ?? "", asked.namespace),
      wishes,
      nodes: (asked.nodes ?? [near]).map((name) => known.get(name) ?? { name }),
      ends,
      programs: { kubectl: asked.kubectl ?? null, oc: null },
      manifestOf: buildTrialPod,
    });
  } finally {
    const took = performance.now() - startedAt;
    t.comment(`${JSON.stringify(asked)}: ${Math.round(took)} ms`);
    t.ok(took < mostMs(5000), "within 5 s");
  }
}

const refusal = async (asked: Asked): Promise<HopbookError> => {
  try {
    const plan = await choose(asked);
    throw new Error(`it took ${JSON.stringify(plan.choices)}`);
  } catch (error) {
    if (error instanceof HopbookError) return error;
    throw error;
  }
};

const rule = (resource: string, ...verbs: string[]): { resources: string[]; verbs: string[] } => ({
  resources: [resource],
  verbs,
});
const inPods = [rule("pods", "get"), rule("pods/exec", "get", "create")];
const debugRules = [rule("pods", "create", "get", "delete"), rule("pods/exec", "get", "create")];

t.test("cluster-admin gets a debug pod in the context's namespace", async (t) => {
  const { choices, targets } = await choose({ namespace: space("free"), nodes: [near, far] });
  t.match(choices, [
    { target: near, via: "debugPod", rejected: [] },
    { target: far, via: "debugPod", rejected: [] },
  ]);
  t.match(choices[0]?.reason, `pods may be made in ${space("free")}, the context's namespace`);
  t.match(targets, [{ name: near, access: { via: "debugPod", namespace: space("free") } }, { name: far }]);
});

t.test("pods/exec in one namespace leads into the pod alone", async (t) => {
  const user = await users.add("only-exec", { rules: inPods, in: space("free") });
  const { choices, targets } = await choose({ kubeconfig: user, ends: [`${space("free")}/end`] });
  t.match(targets, [{ name: near, pod: `${space("free")}/end`, access: { via: "podExec" } }]);
  t.equal(targets.length, 1);
  t.match(choices, [
    {
      target: near,
      via: null,
      rejected: [{ via: "debugPod" }, { via: "kubectlDebug" }, { via: "ocDebug" }, { via: "ssh" }],
    },
    { target: `${space("free")}/end`, via: "podExec", rejected: [{ via: "ephemeral" }] },
  ]);
  t.match(choices[0]?.rejected[0]?.reason, "may not create pods, get pods, delete pods");
  t.match(choices[1]?.rejected[0]?.reason, `may not patch pods/ephemeralcontainers in ${space("free")}`);
  t.match(choices[1]?.reason, "shows when it is entered");
});

t.test("create pods/exec alone is not enough: its socket is opened by a GET", async (t) => {
  const rules = [rule("pods", "get"), rule("pods/exec", "create")];
  const user = await users.add("create-exec", { rules, in: space("free") });
  const error = await refusal({ kubeconfig: user, ends: [`${space("free")}/end`] });
  t.equal(error.code, "NO_ACCESS");
  t.match(error.detail, `podExec: this user may not get pods/exec in ${space("free")}`);
  t.match(error.detail, `kubectl auth can-i get pods --subresource=exec -n ${space("free")}`);
  const exec = { namespace: space("free"), pod: "end", container: "c", argv: ["true"], stdin: false };
  const nowhere = { onStdout: () => undefined, onStderr: () => undefined };
  await t.rejects(apiOf(user).exec({ ...exec, ...nowhere }), "and the API says so as well");
});

t.test("ephemeral containers alone", async (t) => {
  const rules = [...inPods, rule("pods/ephemeralcontainers", "patch")];
  for (const name of ["free", "base", "rest"]) {
    const user = await users.add(`only-ephemeral-${name}`, { rules, in: space(name) });
    const { choices } = await choose({ kubeconfig: user, ends: [`${space(name)}/end`] });
    const choice = choices.at(-1);
    if (name === "rest") {
      t.match(choice, {
        via: "podExec",
        rejected: [{ via: "ephemeral", reason: /violates PodSecurity "restricted/ }],
      });
    } else t.match(choice, { target: `${space(name)}/end`, via: "ephemeral", rejected: [] });
    if (name === "base") t.match(choice?.reason, "without added capabilities");
    if (name === "free") t.notMatch(choice?.reason, "without added capabilities");
  }
});

t.test("pods in a namespace that is labelled privileged, wherever the context is", async (t) => {
  const user = await users.add("priv-pods", {
    ...{ rules: debugRules, in: space("priv") },
    cluster: [rule("nodes", "get", "list"), rule("namespaces", "get", "list")],
  });
  const { choices } = await choose({
    kubeconfig: user,
    namespace: space("rest"),
    kubectl: "/usr/bin/kubectl",
  });
  t.match(choices, [{ via: "debugPod", rejected: [] }]);
  t.match(choices[0]?.reason, `pods may be made in ${space("priv")}, which is labelled privileged`);
});

t.test("only as kubectl debug makes them: the policy decides", async (t) => {
  const user = await users.add("only-kubectl", {
    rules: debugRules,
    in: space("priv"),
    cluster: [rule("nodes", "get")],
  });
  const asked = { kubeconfig: user, namespace: space("priv") };
  // The API server takes a policy up a moment after it was made.
  const pods = { ...CORE, verb: "create", resource: "pods", namespace: space("priv") } as const;
  const body = { ...endPod(), metadata: { name: "tried" } };
  await until("the policy is in force", 20_000, () =>
    apiOf(user)
      .request({ ...pods, query: { dryRun: "All" }, body })
      .then(
        () => null,
        (error: unknown) =>
          /only kubectl debug/.test(`${String(error)} ${(error as HopbookError).detail}`) || null,
      ),
  );
  const { choices, targets } = await choose({ ...asked, kubectl: "/usr/bin/kubectl" });
  t.match(choices, [{ via: "kubectlDebug", rejected: [{ via: "debugPod" }] }]);
  t.match(choices[0]?.rejected[0]?.reason, "only kubectl debug may make pods here");
  t.match(targets, [
    { access: { via: "kubectlDebug", namespace: space("priv"), kubectl: "/usr/bin/kubectl" } },
  ]);
  const error = await refusal(asked);
  t.match(error.detail, "kubectlDebug: there is no kubectl on this machine's PATH");
});

t.test("read-only and nothing: refused, with each way's missing right", async (t) => {
  const reader = await users.add("reader", { role: "view" });
  const nobody = await users.add("nobody", {});
  for (const user of [reader, nobody]) {
    const error = await refusal({
      kubeconfig: user,
      ends: [`${space("free")}/end`],
      kubectl: "/usr/bin/kubectl",
    });
    t.equal(error.code, "NO_ACCESS");
    t.equal(error.exitCode, 5);
    for (const via of ["debugPod", "kubectlDebug", "ocDebug", "ssh", "ephemeral", "podExec"]) {
      t.match(error.detail, new RegExp(`^${via}: `, "m"));
    }
    t.match(error.detail, "kubectl auth can-i create pods -n default");
  }
  const withSsh = await choose({ kubeconfig: nobody, keys: { ssh: { user: "core" } } });
  t.match(withSsh.targets, [{ access: { via: "ssh", user: "core" } }]);
});

t.test("admission is believed, in its own words", async (t) => {
  const words: Readonly<Record<string, RegExp>> = {
    base: /violates PodSecurity "baseline/,
    rest: /violates PodSecurity "restricted/,
    quota: /exceeded quota: none/,
    deny: /no pod here sees the node's processes/,
  };
  for (const [name, expected] of Object.entries(words)) {
    const error = await refusal({ keys: { debugPod: { namespace: space(name) } } });
    t.match(error.detail, expected, name);
    t.notMatch(error.detail, /labelled privileged/, "what the profile names is the only one");
  }
  const pods = await admin.list({ ...CORE, resource: "pods", namespace: space("deny") });
  t.strictSame(pods, [], "nothing is made");
});

t.test("kube-system is used where it is named, and never for lack of another", async (t) => {
  const labelled = await choose({ namespace: space("rest") });
  t.match(labelled.choices[0]?.reason, /labelled privileged/);
  t.notMatch(labelled.choices[0]?.reason, /kube-/);
  const named = await choose({ keys: { debugPod: { namespace: "kube-system" } } });
  t.match(named.targets, [{ access: { namespace: "kube-system" } }]);
});

t.test("nodes: cordoned and tainted ones are entered, a silent kubelet's is not", async (t) => {
  const patch = (body: object): Promise<unknown> =>
    admin.request({ ...CORE, verb: "patch", resource: "nodes", name: far, body });
  const ghost = `${PREFIX}-ghost`;
  t.teardown(async () => {
    // Taints are replaced as a whole; none stood here before.
    await patch({ spec: { unschedulable: null, taints: null } });
    await admin.request({ ...CORE, verb: "delete", resource: "nodes", name: ghost });
  });
  const before = await admin.request<{ spec: { taints?: unknown } }>({
    ...CORE,
    verb: "get",
    resource: "nodes",
    name: far,
  });
  t.equal(before.spec.taints, undefined, "the node has no taints that would be lost");
  await admin.request({ ...CORE, verb: "create", resource: "nodes", body: { metadata: { name: ghost } } });
  await patch({ spec: { taints: [{ key: PREFIX, effect: "NoSchedule" }] } });
  const tainted = await choose({ namespace: space("free"), nodes: [far, ghost] });
  t.match(tainted.choices, [
    { target: far, via: "debugPod" },
    { target: ghost, via: null },
  ]);
  t.match(tainted.choices[0]?.reason, `the taint ${PREFIX}:NoSchedule is tolerated`);
  t.match(tainted.choices[1]?.rejected[0]?.reason, "kubelet does not report");
  await patch({ spec: { unschedulable: true } });
  const cordoned = await choose({ namespace: space("free"), nodes: [far] });
  t.match(cordoned.choices[0], { via: "debugPod", reason: /the node is cordoned/ });
});

t.test("an API that is not there, or says nothing", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-silent-"));
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    rmSync(dir, { recursive: true, force: true });
    silent.close();
  });
  const { port } = silent.address() as { port: number };
  for (const server of ["https://127.0.0.1:1", `https://127.0.0.1:${String(port)}`]) {
    const config = JSON.parse(readFileSync(kubeconfig, "utf8")) as { clusters: { cluster: object }[] };
    const clusters = config.clusters.map((each) => ({ ...each, cluster: { ...each.cluster, server } }));
    const file = join(dir, "kubeconfig");
    writeFileSync(file, JSON.stringify({ ...config, clusters }));
    const error = await refusal({ kubeconfig: file, ends: [`${space("free")}/end`] });
    t.equal(error.code, "NO_ACCESS");
    t.match(error.message, /ECONNREFUSED|did not answer in time/);
    const plan = await choose({ kubeconfig: file, keys: { ssh: { user: "core" } } });
    t.match(plan.choices, [{ via: "ssh", reason: /needs no API/ }]);
  }
});
