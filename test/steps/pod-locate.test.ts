import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER_SCRIPTS } from "../../lib/cluster/index.js";
import { validateValue } from "../../lib/document/index.js";
import type { StepContext } from "../../lib/model/steps.js";
import { findArgvFault } from "../../lib/permissions/index.js";
import { podLocate } from "../../lib/steps/pod-locate.js";
import { replayNode, type Recording } from "../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "./samples.js";

const ROOT = join(import.meta.dirname, "../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const SCRIPTS = new Map(
  Object.entries(CLUSTER_SCRIPTS).map(([name, text]) => [name, new Set([text])] as const),
);

function setUp(more: Partial<StepContext> = {}, recorded = RECORDED): FakeContext {
  const accesses = Object.entries(recorded).map(([node, recording]) => replayNode(node, recording));
  const nodes = Object.keys(recorded).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  return fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    recipeDirs: [join(ROOT, "runbooks/cni")],
    ...more,
  });
}

t.test(
  "its example: PID, network namespace, interface, the host's end of it, and how each is known",
  async (t) => {
    const fake = setUp();
    t.strictSame(validateValue(podLocate.example, podLocate.inputSchema), []);
    const { commands, outputs, notes } = await podLocate.plan({ pods: "shop/client" }, fake.context);
    t.strictSame(validateValue(outputs, podLocate.outputSchema), []);
    const [pod] = outputs.pods;
    t.match(pod, {
      ...{ pod: "shop/client", node: "node-a", ips: ["192.168.1.2"], hostNetwork: false },
      ...{ netns: "/run/netns/cni-ca", sandbox: "a1", interface: "eth0", hostInterface: "caliaa50613ef2d" },
      interfaces: [{ interface: "eth0", kind: "veth", hostInterface: "caliaa50613ef2d", bridge: null }],
      evidence: [/^shop\/client: the runtime of node-a has it in sandbox a1$/],
    });
    t.ok(pod?.interfaces[0]?.evidence.some((line) => line.includes("name each other")));
    t.match(notes, [/^shop\/client on node-a, PID \d+, eth0 = caliaa50613ef2d on the host$/]);
    t.match(fake.files.get("evidence/pods/step.json"), { pods: [{ pod: "shop/client" }] });
    for (const { action, argv, effect } of commands) {
      t.ok(podLocate.actions.includes(action), action);
      t.equal(findArgvFault(action, argv, SCRIPTS), undefined, argv.join(" ").slice(0, 100));
      t.equal(effect, "read");
    }
  },
);

/** node-a with both its pods' sandboxes in the order of their names. */
const split = (RECORDED["node-a"]?.["hopbook-inspectp  a1 a2"] as string).split("\u001e");
const BOTH = {
  ...RECORDED,
  "node-a": {
    ...RECORDED["node-a"],
    "hopbook-inspectp  a2 a1": ["", split[2], split[1]].join("\u001e"),
  },
} as Record<string, Recording>;

t.test("all pods of a node, by labels too, of several texts each once, by name", async (t) => {
  const { outputs } = await podLocate.plan(
    { pods: ["node/node-a", "app=client", "shop/app!=web,app!=api"] },
    setUp({}, BOTH).context,
  );
  t.strictSame(
    outputs.pods.map(({ pod }) => pod),
    ["shop/cart", "shop/client"],
  );
  t.strictSame([outputs.count, outputs.nodes], [2, ["node-a"]]);
  const all = outputs.pods.flatMap(({ ips }) => ips).map((ip) => `host ${ip}`);
  t.strictSame(outputs.perNode, [{ node: "node-a", filter: all.join(" or ") }]);
});

t.test("labels that no pod has are an error", async (t) => {
  for (const pods of ["app=nothing", "other/app=web"])
    await t.rejects(podLocate.plan({ pods }, setUp().context), {
      ...{ code: "TARGET_NOT_FOUND", message: /none of 4 runs and fits/ },
    });
});

t.test("nodes leave pods out, and none that is left is an error that says where they are", async (t) => {
  await t.rejects(podLocate.plan({ pods: "shop/client", nodes: ["node-b"] }, setUp().context), {
    ...{ code: "TARGET_NOT_FOUND", message: /Cannot find pods on node-b: 1 fit, on other nodes/ },
    detail: /shop\/client on node-a/,
  });
});

t.test("one that is not there names the near ones; a port is refused; an address is its pod's", async (t) => {
  await t.rejects(podLocate.plan({ pods: "shop/cleint" }, setUp().context), {
    ...{ code: "TARGET_NOT_FOUND", hint: /shop\/client/ },
  });
  await t.rejects(podLocate.plan({ pods: "shop/client:80" }, setUp().context), { code: "INPUT_INVALID" });
  const { outputs } = await podLocate.plan({ pods: "192.168.1.2" }, setUp().context);
  t.match(outputs.pods, [{ pod: "shop/client" }]);
  await t.rejects(podLocate.plan({ pods: "192.168.1.99" }, setUp().context), { code: "TARGET_NOT_FOUND" });
  t.throws(() => podLocate.check?.({ pods: "shop/a b" }), { code: "INPUT_INVALID" });
});

t.test("owners and Services are the API's to tell: without it that is said", async (t) => {
  for (const pods of ["shop/deploy/web", "shop/svc/web"])
    await t.rejects(podLocate.plan({ pods }, setUp().context), {
      ...{ code: "TARGET_NOT_FOUND", message: /only the cluster's API knows them/ },
    });
});

t.test(
  "a node whose runtime cannot be asked for the pod's sandbox any more leaves the pod out with a word",
  async (t) => {
    const gone = { ...RECORDED, "node-a": { ...RECORDED["node-a"], "hopbook-inspectp  a1": "\u001e" } };
    const fake = setUp({}, gone);
    await t.rejects(podLocate.plan({ pods: "shop/client" }, fake.context), { code: "TARGET_NOT_FOUND" });
    t.match(fake.notes, [/^warn: shop\/client is left out: node-a runs no such pod any more/]);
  },
);

t.test(
  "every method is asked where that is wanted, each by itself, and it is said whether they agree",
  async (t) => {
    const cache =
      "\u001e" +
      JSON.stringify({
        containerId: "a1",
        ifName: "eth0",
        result: { interfaces: [{ name: "cali123" }, { name: "eth0", sandbox: "/run/netns/cni-ca" }] },
      });
    const more: Recording = {
      "bridge -j fdb show": "[]",
      "ip -j netns list": { stderr: "no such option", exitCode: 1 },
      "hopbook-cni-cache a1": cache,
    };
    const known = { ...RECORDED, "node-a": { ...RECORDED["node-a"], ...more } } as Record<string, Recording>;
    const input = { pods: "shop/client", everyMethod: true };
    t.strictSame(validateValue(input, podLocate.inputSchema), []);
    const { commands, outputs } = await podLocate.plan(input, setUp({}, known).context);
    t.strictSame(validateValue(outputs, podLocate.outputSchema), []);
    const [pod] = outputs.pods;
    t.match(pod, { recipe: "calico-vxlan", uplink: { address: "10.77.0.11", tunnels: ["vxlan.calico"] } });
    const [first] = pod?.interfaces ?? [];
    t.match(first, { agree: false, hostInterface: "caliaa50613ef2d", host: { name: "caliaa50613ef2d" } });
    const said = Object.fromEntries((first?.methods ?? []).map(({ method, verdict }) => [method, verdict]));
    t.match(said, {
      ...{ "peer-index": "agrees", route: "agrees", naming: "agrees", "cni-result": "agrees" },
      ...{ "cni-cache": "contradicts", "namespace-id": "silent", "bridge-table": "silent", alias: "silent" },
    });
    for (const { action, argv } of commands)
      t.equal(findArgvFault(action, argv, SCRIPTS), undefined, argv.join(" ").slice(0, 100));
  },
);
