import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { gatherFacts, resolveEnd, type LoadedProfile } from "../../lib/cluster/index.js";
import { HopbookError } from "../../lib/errors.js";
import { discoverPath, loadRecipes } from "../../lib/hops/index.js";
import type { End } from "../../lib/model/cluster.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { NAMINGS } from "../fixtures/namings.js";
import { replayNode, type Recording } from "../fixtures/nodes/replay.js";

/** Paths of which one end cannot be looked into: the recorded nodes of the topology calico-vxlan. */
const FILE = join(import.meta.dirname, "../fixtures/nodes/calico-vxlan/healthy.json");
const RECORDED = JSON.parse(readFileSync(FILE, "utf8")) as Record<string, Recording>;
const recipes = await loadRecipes(join(import.meta.dirname, "../../runbooks/cni"));
const profile: LoadedProfile = {
  name: "recorded",
  nodes: [
    { name: "node-a", address: "10.77.0.11", access: { via: "local" } },
    { name: "node-b", address: "10.77.0.12", access: { via: "local" } },
  ],
  cni: "auto",
  interfaces: {},
  workDir: "/var/tmp",
};
const NO_ROUTE = new HopbookError(
  "NODE_UNREACHABLE",
  "Cannot connect to node node-b by ssh: no route to host",
);

async function discover(
  ends: readonly [string, string],
  without: string,
  change: (end: End) => End = (end) => end,
): Promise<FlowPath> {
  const nodes = Object.keys(RECORDED).filter((node) => node !== without);
  const accesses = new Map(
    nodes.map((node) => [node, replayNode(node, { "iptables-save -t nat": "", ...RECORDED[node] })]),
  );
  const unreachable = new Map(without === "" ? [] : [[without, NO_ROUTE]]);
  const facts = await gatherFacts(profile, accesses, { namings: NAMINGS, unreachable });
  const [from, to] = await Promise.all(ends.map(async (end) => change(await resolveEnd(end, facts))));
  if (from === undefined || to === undefined) throw new Error("no ends");
  const { failures } = facts;
  return discoverPath(from, to, { accesses, profile, recipes, failures });
}

const ids = (path: FlowPath): string[] => path.hops.map((hop) => hop.id);
const NEAR = [
  "node-a.pod.shop_client.eth0",
  "node-a.host-veth.caliaa50613ef2d",
  "node-a.tunnel.vxlan.calico",
  "node-a.nic.eth0",
];
const FAR = [
  "node-b.nic.eth0",
  "node-b.tunnel.vxlan.calico",
  "node-b.host-veth.cali551b05c3e54",
  "node-b.pod.shop_web.eth0",
];

t.test("an address behind the tunnel to a node that cannot be entered is on that node", async (t) => {
  const path = await discover(["shop/client", "192.168.2.2:8080"], "node-b");
  t.strictSame(ids(path), NEAR);
  t.match(path.to, { node: "node-b", pod: null, ip: "192.168.2.2", netns: null });
  t.strictSame(path.unseen, ["node-b"]);
  t.strictSame(path.unentered, [
    { end: "to", node: "node-b", pod: null, address: "10.77.0.12", why: "no route to host" },
  ]);
  t.strictSame(path.notes, [], "nothing masquerades towards a pod");
  t.equal(path.from.addresses.length, 1);
  t.equal(path.tunnels["node-a"]?.remoteVtep, "10.77.0.12");
});

t.test("the same with the far end alone", async (t) => {
  const path = await discover(["192.168.1.2", "shop/web:8080"], "node-a");
  t.strictSame(ids(path), FAR);
  t.match(path.from, { node: "node-a", netns: null, unseen: "no route to host" });
  t.strictSame(path.unseen, ["node-a"]);
});

t.test("an end that the API knows, on a node that cannot be entered", async (t) => {
  const known = (end: End): End =>
    end.ip === "192.168.2.2" ? { ...end, kind: "pod", pod: "shop/web", node: "node-b" } : end;
  const path = await discover(["shop/client", "192.168.2.2:8080"], "node-b", known);
  t.strictSame(ids(path), NEAR);
  t.match(path.unentered, [{ node: "node-b", pod: null, address: "10.77.0.12", why: "no route to host" }]);
});

t.test(
  "a pod that cannot be looked into on a node that can be entered: the node's own hops stay",
  async (t) => {
    const gone = (end: End): End =>
      end.pod === "shop/web" ? { ...end, netns: null, unseen: "its network namespace is gone" } : end;
    const path = await discover(["shop/client", "shop/web:8080"], "", gone);
    t.strictSame(ids(path), [...NEAR, ...FAR.slice(0, 2)]);
    t.equal(path.unseen, undefined, "the node is there to be asked");
    t.match(path.unentered, [{ node: "node-b", pod: "shop/web", why: "its network namespace is gone" }]);
    t.equal(path.replyHops, null);
  },
);

t.test("where neither node can be entered, its own reason is the error", async (t) => {
  const end = (node: string, ip: string): End => ({
    ...{
      kind: "pod",
      text: node,
      pod: `shop/${node}`,
      node,
      ip,
      port: null,
      addresses: [{ ip, port: null }],
    },
    ...{ netns: null, hostNetwork: false, cniHostInterfaces: [] },
  });
  const failures = new Map([["node-a", NO_ROUTE]]);
  const context = { accesses: new Map(), profile, recipes, failures };
  await t.rejects(discoverPath(end("node-a", "10.0.0.1"), end("node-b", "10.0.0.2"), context), NO_ROUTE);
});
