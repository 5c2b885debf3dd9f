import { readdirSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { askCniObjects } from "../../../lib/cluster/facts/cni.js";
import { guardKube } from "../../../lib/authority/guard-kube.js";
import { readDocument, validateDocument } from "../../../lib/document/index.js";
import { HopbookError, type ErrorCode } from "../../../lib/errors.js";
import { askOfRecipe, describeReading, loadRecipes, recipesByApi } from "../../../lib/hops/index.js";
import type { CniEvidence } from "../../../lib/model/cni/api.js";
import type { KubeReader, KubeRequest } from "../../../lib/model/kube.js";

const RECIPES = join(import.meta.dirname, "../../../runbooks/cni");
const EVIDENCE = join(RECIPES, "evidence");

type Asked = Omit<KubeRequest, "verb"> & { readonly verb?: string };

/** Answers from a table; what is not in it is not there. test/cluster/cni-api.test.ts asks a real one. */
function tableOf(answers: Readonly<Record<string, unknown>>): KubeReader {
  const take = async (asked: Asked): Promise<unknown> => {
    const key = [asked.resource, asked.namespace, asked.name].filter((part) => part !== undefined).join("/");
    const answer = answers[key];
    if (answer === undefined) throw new HopbookError("KUBE_NOT_FOUND", `no ${key}`);
    if (typeof answer === "string") throw new HopbookError(answer as ErrorCode, `refused: ${key}`);
    return answer;
  };
  return {
    ...{ ref: {}, context: "", cluster: "", user: "", server: "", namespace: "default" },
    request: async <T>(request: KubeRequest) => (await take(request)) as T,
    list: async <T>(request: Omit<KubeRequest, "verb">) => (await take(request)) as readonly T[],
    watch: () => Promise.resolve(null),
  };
}

const named = (name: string, rest: object = {}, namespace?: string): object => ({
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...rest,
});

t.test("each file of runbooks/cni/evidence is valid, and called as its CNI", async (t) => {
  const files = readdirSync(EVIDENCE);
  t.ok(files.length >= 12);
  for (const file of files) {
    const document = await readDocument(join(EVIDENCE, file));
    t.strictSame(validateDocument(document, "cni-evidence"), [], file);
    t.equal(`${(document.data as CniEvidence).metadata.name}.yaml`, file);
  }
  for (const { metadata, detect } of await loadRecipes(RECIPES)) {
    if (detect.api !== undefined) t.ok(files.includes(`${detect.api.cni}.yaml`), metadata.name);
  }
});

t.test("what is said is read; what may not be read is skipped and named", async (t) => {
  const config = named(
    "f",
    { data: { "net-conf.json": '{"Backend": {"Type": "host-gw"}}', other: "x" } },
    "s",
  );
  const cni: CniEvidence = {
    metadata: { name: "f", title: "F" },
    annotations: { backend: "x.example/backend" },
    objects: [
      {
        ...{ resource: "configmaps", namespaces: ["n", "s", "z"], names: ["f"] },
        facts: {
          backend: { at: ["data", "net-conf.json"], in: ["Backend", "Type"] },
          none: { at: ["data", "net-conf.json"], in: ["nothing"] },
          proto: { at: ["__proto__", "x"] },
        },
      },
      {
        group: "g.example",
        resource: "pools",
        facts: { nat: { at: ["spec", "nat"] }, n: { at: ["spec", "n"] } },
      },
      {
        group: "g.example",
        resource: "types",
        names: ["one"],
        facts: { a: { at: ["spec", "a"] } },
        only: { a: ["1"] },
      },
    ],
  };
  const kube = tableOf({
    "configmaps/s/f": config,
    "configmaps/n/f": "KUBE_FORBIDDEN",
    pools: [named("p", { spec: { nat: true, n: 3 } }), named("q\u001b", {}), {}, 3],
    "types/one": named("one", { spec: { a: "2" } }),
  });
  const node = { name: "node-a", access: { via: "local" } as const };
  const seen = { ...node, kube: { annotations: { "x.example/backend": "vx\u001blan" } } };
  const options = { kube: guardKube(kube, { rules: [] } as never), nodes: [seen, node] as never };
  t.strictSame(await askCniObjects([cni], options), {
    objects: [
      { cni: "f", object: "nodes node-a", facts: { backend: "vx lan" } },
      { cni: "f", object: "configmaps s/f", facts: { backend: "host-gw" } },
      { cni: "f", object: "pools.g.example p", facts: { nat: "true", n: "3" } },
      { cni: "f", object: "pools.g.example q ", facts: {} },
    ],
    skipped: [{ asked: "get configmaps -n n f", code: "KUBE_FORBIDDEN", reason: "refused: configmaps/n/f" }],
  });
  await t.rejects(askCniObjects([cni], { ...options, kube: tableOf({ pools: "INTERRUPTED" }) }), {
    code: "INTERRUPTED",
  });
});

t.test("nodes are believed, and that the API says something else is told", async (t) => {
  const recipes = await loadRecipes(RECIPES);
  const [calico, flannel] = ["calico-vxlan", "flannel-vxlan"].map((name) =>
    recipes.find(({ metadata }) => metadata.name === name),
  );
  if (calico === undefined || flannel === undefined) throw new Error("no recipe");
  const conf = (text: string): object =>
    named("kube-flannel-cfg", { data: { "net-conf.json": text } }, "kube-flannel");
  const ask = (table: Record<string, unknown>, recipe = flannel) =>
    askOfRecipe(recipe, [RECIPES], { kube: tableOf(table), nodes: [] });
  const key = "configmaps/kube-flannel/kube-flannel-cfg";
  const other = await ask({ [key]: conf('{"Backend": {"Type": "host-gw"}}'), pools: "KUBE_FORBIDDEN" });
  t.strictSame(other.conflicts, [
    "the API says backend host-gw (configmaps kube-flannel/kube-flannel-cfg); the nodes show flannel-vxlan, and are believed",
  ]);
  t.strictSame(
    recipesByApi(other, recipes),
    ["flannel-host-gw"],
    "a recipe that the API contradicts is not preferred",
  );
  const same = await ask({ [key]: conf('{"Backend": {"Type": "VXLAN"}}') });
  t.strictSame(same.conflicts, []);
  t.strictSame(recipesByApi(same, recipes), ["flannel-vxlan"]);
  t.strictSame((await ask({ [key]: conf("{broken") })).conflicts, [], "what cannot be read says nothing");
  t.strictSame((await ask({})).objects, []);
  const pools = { ippools: [named("a", { spec: { vxlanMode: "Never", ipipMode: "Always" } })] };
  t.match((await ask(pools, calico)).conflicts, [
    /^the API says vxlanMode Never \(ippools.crd.projectcalico.org a\)/,
  ]);
  const two = { ippools: [...pools.ippools, named("b", { spec: { vxlanMode: "Always" } })] };
  t.strictSame((await ask(two, calico)).conflicts, [], "one pool of this mode is enough");
  const refused = await ask(
    { ippools: "KUBE_FORBIDDEN", "daemonsets/calico-system/calico-node": "PERMISSION_DENIED" },
    calico,
  );
  t.strictSame(describeReading(refused), [
    "not read: list ippools.crd.projectcalico.org (KUBE_FORBIDDEN), get daemonsets.apps -n calico-system calico-node (PERMISSION_DENIED)",
  ]);
});
