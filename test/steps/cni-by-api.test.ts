import { join } from "node:path";
import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import type { KubeReader } from "../../lib/model/kube.js";
import { discoverWithApi } from "../../lib/steps/cni-by-api.js";
import { HOST_SIDE, makeMachine, nodeIp, podIp, podName, recipes, vxlan } from "../hops/clusters.js";
import { asNode, podEnd } from "../hops/machine.js";

/** An API that has nothing of any CNI but, where it is given, this ConfigMap. */
function apiWith(config: { metadata: { name: string }; data: object } | null): KubeReader {
  const answer = async <T>({ name }: { readonly name?: string }): Promise<T> => {
    if (config === null || name !== config.metadata.name)
      throw new HopbookError("KUBE_NOT_FOUND", "it is not there");
    return config as T;
  };
  return {
    ...{ ref: {}, context: "", cluster: "", user: "", server: "", namespace: "default" },
    request: answer,
    list: () => answer({}),
    watch: () => Promise.resolve(null),
  };
}

t.test("where neither the nodes nor the API know the CNI the kernel's word has to do", async (t) => {
  const machine = (n: number) => {
    const own = vxlan(n, { name: "net7", vni: 7, port: 4444 });
    const host = [{ ...HOST_SIDE, name: `p${n}` }];
    return makeMachine(n, { ...own, host, ways: [...own.ways, { dst: `${podIp(n)}/32`, dev: `p${n}` }] });
  };
  const accesses = new Map([1, 2].map((n) => [`node-${n}`, asNode(machine(n))]));
  const ends = { from: podEnd(podName(1), "node-1", podIp(1)), to: podEnd(podName(2), "node-2", podIp(2)) };
  const profile = {
    ...{ name: "two", cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    nodes: [1, 2].map((n) => ({
      name: `node-${n}`,
      address: nodeIp(n),
      access: { via: "local" } as const,
    })),
  };
  const discover = (kube: KubeReader) =>
    discoverWithApi(
      ends,
      { accesses, profile, recipes },
      {
        ...{ kube, profile, signal: new AbortController().signal },
        recipeDirs: [join(import.meta.dirname, "../../runbooks/cni")],
      },
    );
  const none = await discover(apiWith(null));
  t.equal(none.recipe, "generic");
  t.strictSame(
    none.hops.map(({ interface: name }) => name),
    ["eth0", "p1", "net7", "eth0", "eth0", "net7", "p2", "eth0"],
  );
  t.match(none.notes, [/no recipe fits what the nodes show/]);
  t.equal(none.notes.length, 1);
  const data = { "net-conf.json": '{"Backend": {"Type": "udp"}}' };
  const said = await discover(apiWith({ metadata: { name: "kube-flannel-cfg" }, data }));
  t.equal(said.recipe, "generic", "the API has no say against the nodes");
  t.match(said.notes[1], /^the CNI in the API: flannel: .*backend udp/);
});
