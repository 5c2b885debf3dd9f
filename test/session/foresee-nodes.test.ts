import t from "tap";
import { foreseeNodes } from "../../lib/session/foresee-nodes.js";
import type { ClusterProfile } from "../../lib/model/cluster.js";

const nodes = ["n1", "n2", "n3"].map((name) => ({ name, access: { via: "local" as const } }));
const profile = { name: "x", nodes } as unknown as ClusterProfile;
const none = { paths: [], others: [] };

t.test("only nodes that a run names are asked at once", (t) => {
  const of = (inputs: Record<string, unknown>, ends: Parameters<typeof foreseeNodes>[1]["ends"] = none) => {
    const seen = foreseeNodes(inputs, { ends, profile });
    return seen === null ? null : [...seen];
  };
  t.same(of({ node: ["n3", "n1"], interface: "any" }), ["n1", "n3"]);
  t.same(of({ node: "n2" }), ["n2"]);
  t.equal(of({ filter: "icmp" }), null, "no node is named: any may be asked");
  t.equal(of({ node: ["elsewhere"] }), null, "nor one of the profile");
  t.equal(of({ node: ["n1"] }, { paths: [], others: ["shop/web"] }), null, "a pod is looked for everywhere");
  t.equal(of({ node: ["n1"] }, { paths: [{ from: "a/b", to: [] }], others: [] }), null);
  t.equal(foreseeNodes({ node: ["n1"] }, { profile }), null, "what is no runbook says nothing of its ends");
  t.end();
});
