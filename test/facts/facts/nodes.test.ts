import t from "tap";
import { listKubeNodes, withKubeFacts } from "../../../lib/cluster/facts/nodes.js";
import type { KubeReader } from "../../../lib/model/kube.js";

const node = (name: string, ip: string): object => ({
  metadata: { name },
  status: { addresses: [{ type: "InternalIP", address: ip }] },
});

t.test("a profile's nodes keep its words for them, and its order; what is no node is left out", async (t) => {
  const kube = {
    list: () => Promise.resolve([node("a", "192.0.2.1"), node("b", "192.0.2.2"), { metadata: {} }, null]),
  } as unknown as KubeReader;
  const listed = await listKubeNodes(kube, { timeoutMs: 1, signal: new AbortController().signal });
  t.strictSame(
    listed.map(({ name, address }) => [name, address]),
    [
      ["a", "192.0.2.1"],
      ["b", "192.0.2.2"],
    ],
  );
  const own = [{ name: "gone" }, { name: "b", address: "jump.example" }, { name: "a" }];
  t.match(withKubeFacts(own, listed), [
    { name: "gone", address: undefined, kube: undefined },
    { name: "b", address: "jump.example", kube: { ready: false } },
    { name: "a", address: "192.0.2.1" },
  ]);
});
