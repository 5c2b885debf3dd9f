import t from "tap";
import type { NodeTarget } from "../../lib/model/access.js";
import type { KubeNode } from "../../lib/model/kube.js";
import { refuseOtherWays } from "../../lib/run/other-ways.js";
import { plannedAccess } from "../../lib/run/plan-frame.js";

const SEEN: KubeNode = {
  ...{ uid: "uid-1", machineId: "m-1", runtime: "", ready: true, notReady: null, cordoned: false },
  ...{ taints: [], podCidrs: [], osImage: "", kernel: "", annotations: {} },
};

function nodesOf(kube: KubeNode | undefined, image = "tools:1"): { readonly nodes: readonly NodeTarget[] } {
  const access = { via: "debugPod", kube: {}, image } as const;
  return { nodes: [{ name: "node-a", access, ...(kube === undefined ? {} : { kube }) }] };
}

t.test("a plan is run on the nodes that it was made for", (t) => {
  const plan = plannedAccess(nodesOf(SEEN), new Set(["node-a"]));
  t.match(plan.access, [{ node: "node-a", via: "debugPod", identity: "UID uid-1, machine m-1" }]);
  const refused = (now: KubeNode | undefined, detail: string): void =>
    void t.throws(() => refuseOtherWays(plan, nodesOf(now)), {
      ...{ code: "PLAN_DRIFT", message: /node-a is another node than when it was made/, detail },
    });
  refuseOtherWays(plan, nodesOf({ ...SEEN, cordoned: true, ready: false }));
  refused({ ...SEEN, uid: "uid-2" }, "UID uid-1, machine m-1 → UID uid-2, machine m-1");
  refused({ ...SEEN, machineId: "m-2" }, "UID uid-1, machine m-1 → UID uid-1, machine m-2");
  refused(undefined, "UID uid-1, machine m-1 → not known");
  t.throws(() => refuseOtherWays(plan, nodesOf(SEEN, "tools:2")), {
    message: /it would be debugPod with the image tools:2/,
  });
  t.throws(() => refuseOtherWays(plan, { nodes: [] }), { message: /it is not in the cluster now/ });
  const unasked = plannedAccess(nodesOf(undefined), new Set(["node-a"]));
  t.notOk("identity" in (unasked.access?.[0] ?? {}));
  refuseOtherWays(unasked, nodesOf(undefined));
  t.end();
});
