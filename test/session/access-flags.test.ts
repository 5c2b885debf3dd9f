import t from "tap";
import { applyAccessFlags, noteUnwarmed } from "../../lib/session/access-flags.js";
import { loadCluster, makeKubeCluster, type LoadedCluster } from "../../lib/cluster/index.js";
import type { NodeTarget, Via } from "../../lib/model/access.js";

const minute = 60_000;

function profileOf(access: string): Promise<LoadedCluster> {
  const dir = t.testdir({
    "hopbook.yaml": `apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: prod}\n${access}\n`,
  });
  return loadCluster(`${dir}/hopbook.yaml`);
}

t.test("--image and --keep-warm reach the ways in that take them", async (t) => {
  const { pending } = applyAccessFlags(makeKubeCluster("c", {}), { image: "r.test/i:1", keepWarmMs: minute });
  t.match(pending?.configOf("n", "debugPod"), { via: "debugPod", image: "r.test/i:1", keepWarmMs: minute });
  t.match(pending?.configOf("n", "ephemeral"), { image: "r.test/i:1", keepWarmMs: undefined });
  t.match(pending?.configOf("n", "ssh"), { via: "ssh", image: undefined, keepWarmMs: undefined });
  t.equal(pending?.viaOf("n"), "auto");
  const over = applyAccessFlags(
    await profileOf("kube: {}\nimages: {tools: old}\naccess: {via: debugPod, keepWarm: 1m}"),
    {
      image: "new",
    },
  );
  t.match(over.pending?.configOf("n", "debugPod"), { image: "new", keepWarmMs: minute });
});

t.test("where they would do nothing they are refused", async (t) => {
  const kubectl = await profileOf("kube: {}\naccess: {via: kubectlDebug}");
  t.throws(() => applyAccessFlags(kubectl, { keepWarmMs: minute }), {
    code: "USAGE",
    message: "Cannot take --keep-warm with prod: its nodes are entered by kubectlDebug",
  });
  t.doesNotThrow(() => applyAccessFlags(kubectl, { image: "i" }));
  const ssh = await profileOf("nodes: [{name: a, address: 192.0.2.1}]\naccess: {via: ssh}");
  for (const flags of [{ image: "i" }, { keepWarmMs: minute }])
    t.throws(() => applyAccessFlags(ssh, flags), { code: "USAGE", message: /entered by ssh/ });
  for (const image of ["", "-x", "a b", "\u001b[2J"])
    t.throws(() => applyAccessFlags(makeKubeCluster("c", {}), { image }), { code: "USAGE" });
  t.throws(() => applyAccessFlags(makeKubeCluster("c", {}), { keepWarmMs: 25 * 60 * minute }), {
    code: "USAGE",
  });
});

t.test("-n is what ends without a namespace are in", async (t) => {
  t.equal(applyAccessFlags(makeKubeCluster("c", {}), { namespace: "shop" }).profile.endNamespace, "shop");
  t.equal(applyAccessFlags(makeKubeCluster("c", {}), {}).profile.endNamespace, undefined);
  t.equal(
    applyAccessFlags(makeKubeCluster("c", {}), { contextNamespace: "x" }).profile.endNamespace,
    undefined,
  );
});

t.test("another way in than was hoped for keeps nothing warm: that is said", async (t) => {
  const warm = applyAccessFlags(makeKubeCluster("c", {}), { keepWarmMs: minute }).pending;
  const cold = makeKubeCluster("c", {}).pending;
  if (warm === undefined || cold === undefined) throw new Error("a cluster with an API leaves its ways open");
  const target = (name: string, via: Via, pod?: string): NodeTarget => ({
    name,
    access: { via, kube: {} },
    ...(pod === undefined ? {} : { pod }),
  });
  const taken = [target("a", "debugPod"), target("b", "kubectlDebug"), target("c", "podExec", "shop/web")];
  t.strictSame(noteUnwarmed(taken, warm), [
    "nothing is kept warm at b, shop/web: only debugPod keeps pods, and the way in is kubectlDebug, podExec",
  ]);
  t.strictSame(noteUnwarmed(taken, cold), []);
  t.strictSame(noteUnwarmed(taken.slice(0, 1), warm), []);
  const many = ["a", "b", "c", "d", "e"].map((name) => target(name, "ssh"));
  t.match(noteUnwarmed(many, warm), [/at a, b, c and 2 more: .* is ssh$/]);
});

t.test(
  "--via is how every node is entered; where no API could be asked it has to be the profile's own",
  async (t) => {
    const own = await profileOf("kube: {}\naccess: {via: debugPod, namespace: ops}");
    const other = applyAccessFlags(own, { via: "ephemeral" }).pending;
    t.equal(other?.viaOf("n"), "ephemeral");
    t.match(other?.configOf("n", "ephemeral"), { via: "ephemeral", namespace: undefined });
    const same = applyAccessFlags(own, { via: "debugPod", image: "i" }).pending;
    t.match(same?.configOf("n", "debugPod"), { namespace: "ops", image: "i" });
    t.equal(applyAccessFlags(own, { via: "auto" }).pending?.viaOf("n"), "auto");
    const ssh = await profileOf("nodes: [{name: a, address: 192.0.2.1}]\naccess: {via: ssh}");
    t.doesNotThrow(() => applyAccessFlags(ssh, { via: "ssh" }));
    t.throws(() => applyAccessFlags(ssh, { via: "debugPod" }), { code: "USAGE", message: /entered by ssh/ });
  },
);
