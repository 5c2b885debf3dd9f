import t from "tap";
import {
  gatherAccessFacts,
  weighAccess,
  type AccessFacts,
  type AccessPlan,
  type AccessWishes,
  type PlaceFacts,
  type PodFacts,
  type RightAnswer,
} from "../../../lib/cluster/index.js";
import { levelOf } from "../../../lib/cluster/choose/pod-security.js";
import { podRights, podWayRights } from "../../../lib/cluster/choose/rights-needed.js";
import { describeRight, type Right } from "../../../lib/cluster/choose/rights.js";
import { HopbookError } from "../../../lib/errors.js";
import type { NodeAccessConfig, Via } from "../../../lib/model/access.js";
import type { KubeNode, KubeReader, KubeRequest } from "../../../lib/model/kube.js";

const CANNOT = "this user may not";
const yes = (right: Right): RightAnswer => ({ right, allowed: true, reason: "" });
const no = (right: Right): RightAnswer => ({ right, allowed: false, reason: "" });
const allowed = { allowed: true, reason: "" } as const;
const refused = { allowed: false, reason: "violates PodSecurity" } as const;
const untold = { allowed: null, reason: "a webhook takes no dry run" } as const;

const place = (but: Partial<PlaceFacts> = {}): PlaceFacts => ({
  ...{ namespace: "ops", source: "context", privileged: false },
  security: { namespace: "ops", level: "privileged", reason: "" },
  rights: podRights("ops").map(yes),
  ...{ debugPod: allowed, kubectlDebug: allowed, ocDebug: allowed },
  ...but,
});
const pod = (but: Partial<PodFacts> = {}): PodFacts => ({
  ...{ namespace: "shop", name: "client", node: "node-a", ephemeral: allowed, addsCapabilities: true },
  security: { namespace: "shop", level: null, reason: "" },
  rights: {
    ephemeral: podWayRights("ephemeral", "shop").map(yes),
    podExec: podWayRights("podExec", "shop").map(yes),
  },
  ...but,
});
const NODES: Right = { group: "", resource: "nodes", verb: "get" };
const facts = (but: Partial<AccessFacts> = {}): AccessFacts => ({
  ...{ unreachable: null, places: [place()], pods: [], node: yes(NODES), scc: null, elsewhere: "" },
  ...but,
});

const wishes = (keys: Partial<Record<Via, object>> = {}, via: Via | "auto" = "auto"): AccessWishes => ({
  viaOf: () => via,
  configOf: (_node, way) => ({ via: way, ...keys[way] }) as NodeAccessConfig,
});
const PROGRAMS = { kubectl: "/bin/kubectl", oc: "/bin/oc" };
const READY: KubeNode = {
  ...{ runtime: "containerd://2.4.0", ready: true, notReady: null, cordoned: false, taints: [] },
  ...{ podCidrs: [], osImage: "Debian", kernel: "6.18", annotations: {} },
};
const NODE = { name: "node-a", kube: READY };

function weigh(known: AccessFacts, but: Partial<Parameters<typeof weighAccess>[0]> = {}): AccessPlan {
  return weighAccess({ nodes: [NODE], programs: PROGRAMS, wishes: wishes(), ...but, facts: known });
}

/** Each way, and why not the ones before it. */
function told(plan: AccessPlan): string[] {
  return plan.choices.flatMap(({ target, via, reason, rejected }) => [
    ...rejected.map((each) => `${target} not ${each.via}: ${each.reason}`),
    `${target} ${String(via)}: ${reason}`,
  ]);
}

const noRights = place({ rights: podRights("ops").map(no) });
const NONE = { kubectl: null, oc: null };

t.test("rights by ways, for a node and its pod", (t) => {
  const both = [pod()];
  const rows: [string, AccessFacts, (Via | null)[], Partial<Parameters<typeof weighAccess>[0]>?][] = [
    ["everything", facts({ pods: both }), ["debugPod"]],
    ["no pods: into the pod", facts({ places: [noRights], pods: both }), [null, "ephemeral"]],
    [
      "no ephemeral containers: by its own programs",
      facts({
        places: [noRights],
        pods: [
          pod({
            rights: {
              ephemeral: podWayRights("ephemeral", "shop").map(no),
              podExec: podWayRights("podExec", "shop").map(yes),
            },
          }),
        ],
      }),
      [null, "podExec"],
    ],
    [
      "ephemeral refused",
      facts({ places: [noRights], pods: [pod({ ephemeral: refused })] }),
      [null, "podExec"],
    ],
    [
      "ephemeral untold",
      facts({ places: [noRights], pods: [pod({ ephemeral: untold })] }),
      [null, "ephemeral"],
    ],
    ["kubectl's pods alone", facts({ places: [place({ debugPod: refused })] }), ["kubectlDebug"]],
    ["oc's alone", facts({ places: [place({ debugPod: refused, kubectlDebug: refused })] }), ["ocDebug"]],
    [
      "but there is no program",
      facts({ places: [place({ debugPod: refused })] }),
      [null],
      { programs: NONE },
    ],
    ["nor may nodes be read", facts({ places: [place({ debugPod: refused })], node: no(NODES) }), [null]],
    [
      "a dry run that nobody answered is tried",
      facts({ places: [place({ debugPod: untold })] }),
      ["debugPod"],
    ],
    ["ssh last", facts({ places: [noRights] }), ["ssh"], { wishes: wishes({ ssh: { user: "core" } }) }],
    [
      "ssh only where it is told how",
      facts({ places: [noRights] }),
      [null],
      { wishes: wishes({ ssh: { sudo: true } }) },
    ],
    ["no API", facts({ unreachable: "ECONNREFUSED", pods: both }), [null, null]],
    [
      "no API, ssh",
      facts({ unreachable: "ECONNREFUSED" }),
      ["ssh"],
      { wishes: wishes({ ssh: { user: "core" } }) },
    ],
    ["settled", facts({ unreachable: "ECONNREFUSED" }), ["toolbox"], { wishes: wishes({}, "toolbox") }],
  ];
  for (const [name, known, expected, but] of rows) {
    const plan = weigh(known, but);
    t.strictSame(
      plan.choices.map(({ via }) => via),
      expected,
      name,
    );
    t.equal(plan.targets.length, expected.filter((via) => via !== null).length, `${name}: targets`);
    t.strictSame(weigh(known, but), plan, `${name}: again the same`);
  }
  t.end();
});

t.test("each refusal says what is missing", (t) => {
  const some = place({
    rights: podRights("ops").map((right) => (right.verb === "delete" ? no(right) : yes(right))),
  });
  t.match(told(weigh(facts({ places: [some] }))), [
    `node-a not debugPod: ${CANNOT} delete pods in ops`,
    `node-a not kubectlDebug: ${CANNOT} delete pods in ops`,
    `node-a not ocDebug: ${CANNOT} delete pods in ops`,
    "node-a not ssh: the profile does not say how to log in",
    "node-a null: no way in is open to this user",
  ]);
  const asked = podRights("ops").map((right) => ({ right, allowed: null, reason: "HTTP 500" }));
  t.match(told(weigh(facts({ places: [place({ rights: asked })] })))[0], /could not be asked: HTTP 500/);
  const plan = weigh(facts({ places: [place({ debugPod: refused })], elsewhere: "no other is labelled" }));
  t.equal(told(plan)[0], "node-a not debugPod: in ops: violates PodSecurity; no other is labelled");
  t.end();
});

t.test("the first namespace that will do; one that the profile names is the only one", (t) => {
  const labelled = place({ namespace: "tools", source: "labelled", privileged: true });
  const first = weigh(facts({ places: [place({ debugPod: refused }), labelled] }));
  t.match(first.targets, [{ access: { via: "debugPod", namespace: "tools", privileged: true } }]);
  t.match(told(first)[0], "pods may be made in tools, which is labelled privileged");
  const named = wishes({ debugPod: { namespace: "ops" } });
  const own = place({ source: "profile", debugPod: refused, kubectlDebug: refused, ocDebug: refused });
  const only = weigh(facts({ places: [own, labelled], elsewhere: "x" }), { wishes: named });
  t.equal(only.targets.length, 0);
  t.notMatch(told(only).join("\n"), /tools|; x/);
  t.end();
});

t.test("nodes", (t) => {
  const as = (kube: Partial<KubeNode>): AccessPlan =>
    weigh(facts({ pods: [pod()] }), { nodes: [{ name: "node-a", kube: { ...READY, ...kube } }] });
  const silent = as({ ready: false, notReady: "NodeStatusUnknown: Kubelet stopped posting node status." });
  t.strictSame(silent.targets, [], "neither the node nor its pod");
  t.match(told(silent)[0], "node-a not debugPod: the node's kubelet does not report: NodeStatusUnknown");
  const noCni = as({ ready: false, notReady: "KubeletNotReady: cni plugin not initialized" });
  t.match(noCni.choices, [{ via: "debugPod", reason: /the node is not ready: KubeletNotReady/ }]);
  t.match(as({ cordoned: true }).choices, [{ via: "debugPod", reason: /cordoned/ }]);
  t.match(as({ osImage: "Windows Server 2022" }).choices, [{ via: null }, { via: "ephemeral" }]);
  const taints = [{ key: "gpu", value: "", effect: "NoExecute" }];
  t.match(as({ taints }).choices[0]?.reason, "the taint gpu:NoExecute is tolerated");
  const oc = weigh(facts({ places: [place({ debugPod: refused, kubectlDebug: refused })] }), {
    nodes: [{ name: "node-a", kube: { ...READY, taints } }],
  });
  t.match(told(oc)[2], "node-a not ocDebug: its pods tolerate no taint, and the node has gpu:NoExecute");
  t.end();
});

t.test("two pods of one node that cannot be entered go by names of their own", (t) => {
  const plan = weigh(facts({ places: [noRights], pods: [pod(), pod({ name: "web" })] }));
  t.match(plan.targets, [
    { name: "node-a", pod: "shop/client", access: { via: "ephemeral" } },
    { name: "node-a.shop.web", pod: "shop/web", access: { via: "ephemeral" } },
  ]);
  t.end();
});

/** An OpenShift API, as far as it is asked; admission by SCC refuses what the user may not use. */
function openShift(may: { readonly use: boolean; readonly privileged: boolean }): {
  api: KubeReader;
  asked: string[];
} {
  const asked: string[] = [];
  const answer = (request: KubeRequest): unknown => {
    const { verb, resource, body } = request;
    const what = `${verb} ${resource}${request.query?.["dryRun"] === undefined ? "" : " (dry run)"}`;
    const { spec } = (body ?? {}) as {
      spec?: {
        resourceAttributes?: Right;
        containers?: { securityContext: { privileged?: boolean } }[];
      };
    };
    const right = spec?.resourceAttributes;
    asked.push(right === undefined ? what : `may ${describeRight(right)}`);
    if (resource === "selfsubjectaccessreviews")
      return { status: { allowed: right?.verb === "use" ? may.use : right?.resource !== "namespaces" } };
    if (resource === "securitycontextconstraints") return { items: [{}] };
    if (resource === "namespaces")
      throw new HopbookError("KUBE_FORBIDDEN", "Cannot get namespaces: forbidden");
    if (verb === "create" && resource === "pods") {
      const isPrivileged = spec?.containers?.[0]?.securityContext.privileged === true;
      if (isPrivileged ? may.privileged : may.use) return {};
      const said = 'unable to validate against any security context constraint: provider "anyuid": Forbidden';
      throw new HopbookError("KUBE_REFUSED", `Cannot create pods in ops: ${said}`);
    }
    return {};
  };
  const request = <T>(wanted: KubeRequest): Promise<T> =>
    new Promise((resolve) => resolve(answer(wanted) as T));
  const list = async <T>(wanted: Omit<KubeRequest, "verb">): Promise<readonly T[]> =>
    (await request<{ items?: T[] }>({ ...wanted, verb: "list" })).items ?? [];
  const known = { ref: {}, context: "c", cluster: "c", user: "u", server: "s", namespace: "ops" };
  return { api: { ...known, request, list, watch: () => Promise.resolve(null) }, asked };
}

t.test("OpenShift: SCC decides, and what it says is kept", async (t) => {
  const rows: [Parameters<typeof openShift>[0], (string | null)[], boolean][] = [
    [{ use: true, privileged: true }, ["debugPod"], false],
    [{ use: false, privileged: true }, ["debugPod"], true],
    [{ use: false, privileged: false }, [null], false],
  ];
  for (const [may, expected, isPrivileged] of rows) {
    const { api, asked } = openShift(may);
    const use = { api, wishes: wishes(), nodes: [NODE], ends: [], programs: PROGRAMS };
    const known = await gatherAccessFacts(use);
    t.equal(known.scc?.allowed, may.use, "use of the SCC privileged");
    const plan = weigh(known);
    t.strictSame(
      plan.choices.map(({ via }) => via),
      expected,
    );
    t.equal(
      (plan.targets[0]?.access as { privileged?: boolean } | undefined)?.privileged === true,
      isPrivileged,
    );
    if (expected[0] === null)
      t.match(told(plan)[0], /unable to validate against any security context constraint/);
    const lookups = asked.filter((each) => !each.includes("dry run"));
    t.equal(new Set(lookups).size, lookups.length, "nothing is looked up twice");
    t.equal(known.places[0]?.security.reason, "the namespace may not be read");
  }
});

t.test("PodSecurity by a namespace's label", (t) => {
  const of = (label: unknown): unknown => ({
    metadata: { labels: { "pod-security.kubernetes.io/enforce": label } },
  });
  for (const level of ["privileged", "baseline", "restricted"]) {
    t.strictSame(levelOf(of(level)), { level, reason: "" });
  }
  t.equal(levelOf(of("Privileged")).level, "restricted", "what PodSecurity does not know");
  for (const none of [{}, null, "x", { metadata: null }, { metadata: { labels: [] } }, of(7)]) {
    t.match(levelOf(none), { level: null, reason: /default holds/ });
  }
  t.end();
});

t.test("a way into pods that is asked for is taken at the ends, and no node is entered", async (t) => {
  const both = facts({ pods: [pod(), pod({ name: "web", node: "node-b" })] });
  const nodes = [NODE, { name: "node-b", kube: READY }];
  for (const via of ["ephemeral", "podExec"] as const) {
    const { targets } = weigh(both, { nodes, wishes: wishes({}, via) });
    t.match(targets, [
      { name: "node-a", pod: "shop/client", access: { via } },
      { name: "node-b", pod: "shop/web", access: { via } },
    ]);
  }
  const none = pod({ rights: { ephemeral: podWayRights("ephemeral", "shop").map(no), podExec: [] } });
  const closed = weigh(facts({ pods: [none] }), { wishes: wishes({}, "ephemeral") });
  t.strictSame(closed.targets, []);
  t.match(closed.choices.at(-1), { target: "shop/client", via: null, rejected: [{ via: "ephemeral" }] });
  t.notMatch(told(closed).join(), /podExec/, "the other way was not asked for");
});
