import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { makeHops, PLAIN, type NodeWay } from "../../lib/hops/hop.js";
import { loadRecipes } from "../../lib/hops/recipe.js";
import { parseLinks } from "../../lib/linux/links.js";
import { rankOf } from "../../lib/model/roles.js";

const links = parseLinks(
  JSON.stringify([
    { ifname: "eth0", ifindex: 2, mtu: 1500 },
    { ifname: "br-int", ifindex: 3, mtu: 1400, linkinfo: { info_kind: "openvswitch" } },
    { ifname: "gate0", ifindex: 4, mtu: 1400, linkinfo: { info_kind: "dummy" } },
  ]),
);
const [nic] = links;
if (nic === undefined) throw new Error("no link");
const view = { node: "node-a", links } as unknown as NodeWay["side"]["view"];
const side = { view, pod: null, notes: [], end: {} } as unknown as NodeWay["side"];
const way: NodeWay = {
  ...{ side, tunnel: null, nic: { link: nic, evidence: "x" }, encapsulation: PLAIN },
  outward: "request",
};

t.test("a recipe's own places are hops, by their rank", (t) => {
  const hops = makeHops(way, [
    "nic",
    { role: "gate", rank: 650, device: { kind: "dummy" } },
    { role: "ovs-bridge", device: { name: "br-int", kind: "openvswitch" } },
    { role: "overlay", device: { name: "not-there" } },
  ]);
  t.match(hops, [
    { id: "node-a.ovs-bridge.br-int", role: "ovs-bridge", mtuBytes: 1400 },
    { id: "node-a.gate.gate0", role: "gate", rank: 650, evidence: [/the recipe calls gate/] },
    { id: "node-a.nic.eth0", role: "nic" },
  ]);
  t.notOk(Object.hasOwn(hops[0] ?? {}, "rank"), "the role's own rank is not written down");
  t.equal(
    rankOf({ role: "gate" }),
    150,
    "without its rank it is between the host's side of the pod and the rest",
  );
  t.equal(rankOf({ role: "toString" }), 150);
  t.end();
});

const RECIPE = `apiVersion: hopbook.dev/v1
kind: HopRecipe
metadata: { name: mine, title: Mine }
detect: { required: [{ link: { name: br-int } }] }
path:
  local: [pod, host-veth]
  leaving: [pod, host-veth, { role: gate, RANK device: { name: gate0 } }, nic]
hostInterface: { methods: [peer-index] }
`;

t.test("a role that nobody knows needs a rank", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "hopbook-recipes-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const write = (rank: string): void =>
    writeFileSync(join(folder, "mine.yaml"), RECIPE.replace("RANK", rank));
  write("");
  await t.rejects(loadRecipes(folder), { code: "DOCUMENT_INVALID", message: /mine\.yaml/ });
  write("rank: 650,");
  t.match(await loadRecipes(folder), [{ path: { leaving: ["pod", "host-veth", { rank: 650 }, "nic"] } }]);
});
