import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { guardKube } from "../../lib/authority/guard-kube.js";
import { replayRun } from "../../lib/replay/replay.js";
import { runRunbook } from "../../lib/run/run.js";
import { askOfAll, recipesByApi } from "../../lib/hops/cni-evidence.js";
import { askOfRecipe, loadRecipes } from "../../lib/hops/index.js";
import { openKube } from "../../lib/kube/index.js";
import type { CniReading } from "../../lib/model/cni/api.js";
import type { KubeApi } from "../../lib/model/kube.js";
import { mostMs } from "../fixtures/patience.js";
import { makeUsers } from "./rights-users.js";
import { until } from "./run.js";
import { useCluster, whyNoCluster } from "./use.js";

/** What CNIs leave in the API, as real objects of a real API, for users who may read all, some and none of them. */

const skip = whyNoCluster() ?? false;
const RECIPES = [join(import.meta.dirname, "../../runbooks/cni")];
const NAMESPACE = "kube-flannel";
const CRDS = ["ippools", "felixconfigurations"] as const;
const CALICO = "crd.projectcalico.org";

t.test("what the API says of the CNI", { skip, timeout: mostMs(180_000) }, async (t) => {
  const cluster = await useCluster((text) => t.comment(text));
  t.teardown(cluster.release);
  const kubeconfig = cluster.own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? "";
  const admin = openKube({ kubeconfig: [kubeconfig] });
  const users = makeUsers(admin, { namespace: NAMESPACE, kubeconfig });
  const core = { group: "", version: "v1" };
  const types = { group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions" };
  await admin.request({
    ...{ ...core, verb: "create", resource: "namespaces" },
    body: { metadata: { name: NAMESPACE } },
  });
  t.teardown(async () => {
    await users.release();
    for (const name of CRDS)
      await admin.request({ ...types, verb: "delete", name: `${name}.${CALICO}` }).catch(() => undefined);
    await admin.request({ ...core, verb: "delete", resource: "namespaces", name: NAMESPACE });
  });
  await makeFlannel(admin);
  await makeCalico(admin);

  const recipes = await loadRecipes(RECIPES);
  const recipe = recipes.find(({ metadata }) => metadata.name === "flannel-vxlan");
  if (recipe === undefined) throw new Error("no recipe");
  const as = (file: string) => ({
    kube: guardKube(openKube({ kubeconfig: [file] }), { rules: [] } as never),
    nodes: [],
    // A busy machine's API may be slow, which is not what is looked at here.
    timeoutMs: 30_000,
  });

  const all = await askOfRecipe(recipe, RECIPES, as(kubeconfig));
  t.match(
    all.objects.map(({ object, facts }) => [object, facts]),
    [
      [`configmaps ${NAMESPACE}/kube-flannel-cfg`, { backend: "host-gw" }],
      [`daemonsets.apps ${NAMESPACE}/kube-flannel-ds`, { desired: "0", ready: "0" }],
    ],
    "objects are found in the namespaces where they may be",
  );
  t.strictSame(all.skipped, []);
  t.match(all.conflicts, [
    /^the API says backend host-gw .*; the nodes show flannel-vxlan, and are believed$/,
  ]);

  const whole = await askOfAll(RECIPES, as(kubeconfig));
  t.match(
    whole.objects.filter(({ cni }) => cni === "calico"),
    [
      {
        object: `ippools.${CALICO} a`,
        facts: { vxlanMode: "Always", ipipMode: "Never", natOutgoing: "true" },
      },
      { object: `felixconfigurations.${CALICO} default`, facts: { bpf: "false" } },
    ],
    "of what the cluster has no kind for nothing is said",
  );
  t.strictSame(whole.skipped, []);
  t.strictSame([...recipesByApi(whole, recipes)].sort(), ["calico-vxlan", "flannel-host-gw"]);

  const some = await users.add("some", {
    rules: [{ resources: ["configmaps"], verbs: ["get"] }],
    cluster: [{ apiGroups: [CALICO], resources: ["ippools"], verbs: ["list"] }],
  });
  const partly = await askOfRecipe(recipe, RECIPES, as(some));
  t.match(partly.objects, [{ object: `configmaps ${NAMESPACE}/kube-flannel-cfg` }]);
  t.match(partly.skipped, [
    { asked: "get configmaps -n kube-system kube-flannel-cfg", code: "KUBE_FORBIDDEN" },
    { asked: `get daemonsets.apps -n ${NAMESPACE} kube-flannel-ds`, code: "KUBE_FORBIDDEN" },
    { asked: "get daemonsets.apps -n kube-system kube-flannel-ds", code: "KUBE_FORBIDDEN" },
  ]);
  const none = await askOfAll(RECIPES, as(await users.add("none", {})));
  t.strictSame(none.objects, []);
  t.ok(none.skipped.length > 20, "each that was refused is named");
  t.ok(none.skipped.every(({ code }) => code === "KUBE_FORBIDDEN"));

  t.test("a run says it, and a replay says the same with no cluster", async (t) => {
    const dir = mkdtempSync(join(tmpdir(), "hopbook-cni-"));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const said: string[] = [];
    const image = cluster.own === null ? "busybox:1.36" : "registry.test/tools:1";
    const report = await runRunbook({
      ...{ runbook: "trace-path", inputs: { from: "shop/client", to: ["shop/web:8080"], count: "1" } },
      ...{ kube: { kubeconfig, image }, cwd: dir, out: join(dir, "out"), grants: { yes: true } },
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.type === "note") said.push(event.text);
      },
    });
    t.equal(report.exitCode, 0);
    t.ok(said.some((text) => text.startsWith("the API says backend host-gw")));
    const read = (run: string): CniReading =>
      JSON.parse(readFileSync(join(run, "evidence/cni-api/path.json"), "utf8")) as CniReading;
    const reading = read(report.dir);
    t.match(reading, { recipe: "flannel-vxlan", conflicts: all.conflicts, skipped: [] });
    const recording = readFileSync(join(report.dir, "recording/index.jsonl"), "utf8");
    t.match(recording, /kube-flannel-cfg/);
    t.notMatch(recording, /not-for-us/, "nothing else of the object is kept");
    const again = await replayRun({
      ...{ dir: report.dir, out: join(dir, "again"), cwd: dir },
      signal: new AbortController().signal,
      onEvent: () => undefined,
    });
    t.equal(again.same, true);
    t.strictSame(read(again.dir ?? ""), reading);
  });
});

async function makeFlannel(admin: KubeApi): Promise<void> {
  const backend = JSON.stringify({ Network: "10.244.0.0/16", Backend: { Type: "host-gw" } });
  await admin.request({
    ...{ group: "", version: "v1", verb: "create", resource: "configmaps", namespace: NAMESPACE },
    body: {
      metadata: { name: "kube-flannel-cfg" },
      data: { "net-conf.json": backend, "cni-conf.json": "not-for-us" },
    },
  });
  const labels = { app: "flannel" };
  // It fits no node: what counts is that it is there.
  const pod = {
    nodeSelector: { nowhere: "at-all" },
    containers: [{ name: "c", image: "registry.test/none:1" }],
  };
  await admin.request({
    ...{ group: "apps", version: "v1", verb: "create", resource: "daemonsets", namespace: NAMESPACE },
    body: {
      metadata: { name: "kube-flannel-ds" },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
  });
}

async function makeCalico(admin: KubeApi): Promise<void> {
  const kinds = { ippools: "IPPool", felixconfigurations: "FelixConfiguration" };
  const bodies = {
    ippools: {
      name: "a",
      spec: { cidr: "10.9.0.0/16", vxlanMode: "Always", ipipMode: "Never", natOutgoing: true },
    },
    felixconfigurations: { name: "default", spec: { bpfEnabled: false, wireguardEnabled: false } },
  };
  const schema = {
    openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
  for (const plural of CRDS) {
    const kind = kinds[plural];
    await admin.request({
      ...{
        group: "apiextensions.k8s.io",
        version: "v1",
        verb: "create",
        resource: "customresourcedefinitions",
      },
      body: {
        metadata: { name: `${plural}.${CALICO}` },
        spec: {
          ...{ group: CALICO, scope: "Cluster", names: { plural, kind, singular: kind.toLowerCase() } },
          versions: [{ name: "v1", served: true, storage: true, schema }],
        },
      },
    });
    const { name, spec } = bodies[plural];
    const body = { apiVersion: `${CALICO}/v1`, kind, metadata: { name }, spec };
    const request = { group: CALICO, version: "v1", verb: "create", resource: plural, body } as const;
    await until(`${plural} are served`, 20_000, () =>
      admin.request(request).then(
        () => true as const,
        () => null,
      ),
    );
  }
}
