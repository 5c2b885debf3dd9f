import { join } from "node:path";
import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { decideByApi } from "../../lib/hops/decide-by-api.js";
import { loadRecipes } from "../../lib/hops/index.js";
import type { KubeReader, KubeRequest } from "../../lib/model/kube.js";

const RECIPES = join(import.meta.dirname, "../../runbooks/cni");
const FLANNEL = {
  metadata: { name: "kube-flannel-cfg", namespace: "kube-flannel" },
  data: { "net-conf.json": '{"Backend": {"Type": "vxlan"}}' },
};

/** An API that has this ConfigMap, or nothing at all. */
function apiWith(config: object | null): { kube: KubeReader; asked: () => number } {
  let asked = 0;
  const answer = async <T>({ name }: Pick<KubeRequest, "name">): Promise<T> => {
    asked += 1;
    if (config === null || name !== FLANNEL.metadata.name)
      throw new HopbookError("KUBE_NOT_FOUND", "it is not there");
    return config as T;
  };
  return {
    asked: () => asked,
    kube: {
      ...{ ref: {}, context: "", cluster: "", user: "", server: "", namespace: "default" },
      request: answer,
      list: () => answer({}),
      watch: () => Promise.resolve(null),
    },
  };
}

const open = new HopbookError("CNI_UNRECOGNISED", "two fit alike");

/** What the nodes show leaves it open until one recipe is preferred. */
const attempt = (preferred: readonly string[]): string => {
  const [first] = preferred;
  if (first === undefined) throw open;
  return first;
};

t.test("the API decides where the nodes leave it open, and is not asked otherwise", async (t) => {
  const asking = {
    ...{ recipes: await loadRecipes([RECIPES]), recipeDirs: [RECIPES], profile: { nodes: [] } },
    signal: new AbortController().signal,
  };
  const flannel = apiWith(FLANNEL);
  t.strictSame(await decideByApi(attempt, { ...asking, kube: flannel.kube }), {
    value: "flannel-vxlan",
    isByApi: true,
  });
  t.strictSame(await decideByApi(() => "by the nodes", { ...asking, kube: apiWith(null).kube }), {
    value: "by the nodes",
    isByApi: false,
  });
  const nothing = await decideByApi(attempt, { ...asking, kube: apiWith(null).kube });
  t.match(nothing, { error: open, said: [] }, "nobody can say");
  const against = await decideByApi(() => Promise.reject(open), { ...asking, kube: flannel.kube });
  t.match(against, { error: open, said: [/flannel/] }, "it has no say against the nodes");
  const down = new HopbookError("NODE_UNREACHABLE", "it is down");
  const quiet = apiWith(FLANNEL);
  await t.rejects(
    decideByApi(() => Promise.reject(down), { ...asking, kube: quiet.kube }),
    down,
  );
  t.equal(quiet.asked(), 0);
});
