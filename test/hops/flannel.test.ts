import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { NAMINGS } from "../fixtures/namings.js";
import { gatherFacts, resolveEnd, type LoadedProfile } from "../../lib/cluster/index.js";
import { discoverPath, loadRecipes } from "../../lib/hops/index.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { replayNode, type Recording } from "../fixtures/nodes/replay.js";

/** Commands of the two nodes of test/cluster: real kubelet, containerd and flannel, pods on a bridge. */
const FIXTURE = join(import.meta.dirname, "../fixtures/nodes/flannel-vxlan/healthy.json");
const recipes = await loadRecipes(join(import.meta.dirname, "../../runbooks/cni"));

const profile: LoadedProfile = {
  name: "recorded",
  nodes: [
    { name: "node-a", address: "10.78.0.11", access: { via: "local" } },
    { name: "node-b", address: "10.78.0.12", access: { via: "local" } },
  ],
  cni: "auto",
  interfaces: {},
  workDir: "/var/tmp",
};

type Nodes = Record<string, Record<string, string>>;

async function discover(
  from: string,
  to: string,
  change: (nodes: Nodes) => void = () => undefined,
): Promise<FlowPath> {
  const nodes = JSON.parse(readFileSync(FIXTURE, "utf8")) as Nodes;
  change(nodes);
  const accesses = new Map(
    Object.entries(nodes).map(([node, recording]) => [node, replayNode(node, recording as Recording)]),
  );
  const facts = await gatherFacts(profile, accesses, { namings: NAMINGS });
  const near = await resolveEnd(from, facts);
  const far = await resolveEnd(to, facts, { fromNode: near.node });
  return discoverPath(near, far, { accesses, profile, recipes });
}

const ids = (path: FlowPath): string[] => path.hops.map((hop) => hop.id);
const LINKS = "ip -d -j address show";

const NEAR = ["node-a.pod.shop_client.eth0", "node-a.host-veth.veth7995e8fb", "node-a.bridge.cni0"];
const BETWEEN = ["node-a.tunnel.flannel.1", "node-a.nic.eth0", "node-b.nic.eth0", "node-b.tunnel.flannel.1"];
const FAR = ["node-b.bridge.cni0", "node-b.host-veth.veth1df4904b", "node-b.pod.shop_web.eth0"];

t.test("the bridge is a hop between the pod's veth and the tunnel, on both nodes", async (t) => {
  const path = await discover("shop/client", "shop/web:8080");
  t.equal(path.recipe, "flannel-vxlan");
  t.same(ids(path), [...NEAR, ...BETWEEN, ...FAR]);
  t.equal(path.replyHops, null, "replies come back the same way");
  t.same(path.notes, []);
  t.match(path.hops[2], { role: "bridge", mtuBytes: 1450, evidence: [/veth7995e8fb is a port of cni0/] });
  t.match(path.hops[4]?.encapsulation, { kind: "vxlan", port: 8472, vni: 1, outer: 4 });
});

t.test("a Service's ClusterIP leads to the same hops, and so does a node without a pod", async (t) => {
  t.same(ids(await discover("shop/client", "10.96.40.37:80")), [...NEAR, ...BETWEEN, ...FAR]);
  t.same(ids(await discover("node/node-a", "shop/web:8080")), [...BETWEEN, ...FAR]);
});

function changeLinks(nodes: Nodes, node: string, change: (link: Record<string, unknown>) => void): void {
  const links = JSON.parse(nodes[node]?.[LINKS] ?? "") as Record<string, unknown>[];
  links.forEach(change);
  nodes[node] = { ...nodes[node], [LINKS]: JSON.stringify(links) };
}

t.test("a bridge that is down is noted", async (t) => {
  const path = await discover("shop/client", "shop/web:8080", (nodes) =>
    changeLinks(nodes, "node-b", (link) => {
      if (link["ifname"] === "cni0") Object.assign(link, { flags: ["BROADCAST"], operstate: "DOWN" });
    }),
  );
  t.same(ids(path), [...NEAR, ...BETWEEN, ...FAR]);
  t.match(path.notes, ["cni0 on node-b is down"]);
});

t.test("a veth that is no port of a bridge has none as a hop", async (t) => {
  for (const master of [undefined, "eth0", "gone0", 7]) {
    const path = await discover("shop/client", "shop/web:8080", (nodes) => {
      changeLinks(nodes, "node-a", (link) => {
        if (link["ifname"] === "veth7995e8fb") link["master"] = master;
      });
      const node = nodes["node-a"] ?? {};
      const way = "ip -j route get 10.244.1.2 from 10.244.0.3 iif";
      nodes["node-a"] = { ...node, [`${way} veth7995e8fb`]: node[`${way} cni0`] ?? "" };
    });
    t.same(ids(path), [...NEAR.slice(0, 2), ...BETWEEN, ...FAR], String(master));
    t.match(path.notes, [/routes shop\/client .* to cni0, its host side is veth7995e8fb/]);
  }
});

t.test("a route past the pod's bridge is noted", async (t) => {
  const path = await discover("shop/client", "shop/web:8080", (nodes) => {
    const node = nodes["node-b"] ?? {};
    const inward = "ip -j route get 10.244.1.2";
    nodes["node-b"] = { ...node, [inward]: (node[inward] ?? "").replace('"cni0"', '"eth0"') };
  });
  t.match(path.notes, [/node-b routes shop\/web \(10\.244\.1\.2\) to eth0, its bridge is cni0/]);
});

t.test("a node that has the other one's address keeps its NIC, and it is said", async (t) => {
  const path = await discover("shop/client", "shop/web:8080", (nodes) => {
    changeLinks(nodes, "node-b", (link) => {
      const addresses = link["addr_info"] as Record<string, unknown>[];
      if (link["ifname"] !== "eth0") return;
      addresses.push({ family: "inet", local: "10.78.0.11", prefixlen: 24, scope: "global" });
    });
    const own = JSON.stringify([{ type: "local", dst: "10.78.0.11", dev: "lo" }]);
    nodes["node-b"] = { ...nodes["node-b"], "ip -j route get 10.78.0.11": own };
  });
  t.same(ids(path), [...NEAR, ...BETWEEN, ...FAR]);
  t.equal(path.underlay["node-b"]?.interface, "eth0");
  t.match(path.notes, ["node-b has the other end's address 10.78.0.11 itself"]);
});
