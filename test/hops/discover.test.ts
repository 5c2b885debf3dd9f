import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { NAMINGS } from "../fixtures/namings.js";
import { gatherFacts, resolveEnd, type LoadedProfile } from "../../lib/cluster/index.js";
import { discoverPath, loadRecipes } from "../../lib/hops/index.js";
import type { End } from "../../lib/model/cluster.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { askedOf, replayNode, type Recording } from "../fixtures/nodes/replay.js";

/** Commands of two nodes with Calico's wiring, recorded; the runtime's answers have containerd's shape. */
const FOLDER = join(import.meta.dirname, "../fixtures/nodes/calico-vxlan");
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

function replay(name: string) {
  const text = readFileSync(join(FOLDER, `${name}.json`), "utf8");
  const recorded = JSON.parse(text) as Record<string, Recording>;
  const nodes = Object.entries(recorded).map(([node, recording]) => replayNode(node, recording));
  return new Map(nodes.map((node) => [node.node, node]));
}

async function discover(
  name: string,
  ends: readonly [string, string],
  change: Partial<LoadedProfile> = {},
): Promise<FlowPath & { actions: Set<string> }> {
  const accesses = replay(name);
  const changed = { ...profile, ...change };
  const facts = await gatherFacts(changed, accesses, { namings: NAMINGS });
  const from = await resolveEnd(ends[0], facts);
  const to = await resolveEnd(ends[1], facts, { fromNode: from.node });
  const path = await discoverPath(from, to, { accesses, profile: changed, recipes });
  const actions = new Set(
    [...accesses.values()].flatMap((access) => askedOf(access).map((entry) => entry.action)),
  );
  return { ...path, actions };
}

const ids = (path: FlowPath): string[] => path.hops.map((hop) => hop.id);

const DIRECT = [
  "node-a.pod.shop_client.eth0",
  "node-a.host-veth.caliaa50613ef2d",
  "node-a.tunnel.vxlan.calico",
  "node-a.nic.eth0",
  "node-b.nic.eth0",
  "node-b.tunnel.vxlan.calico",
  "node-b.host-veth.cali551b05c3e54",
  "node-b.pod.shop_web.eth0",
];

t.test("between nodes", async (t) => {
  const path = await discover("healthy", ["shop/client", "shop/web:8080"]);
  t.strictSame(ids(path), DIRECT);
  t.strictSame(
    path.hops.map((hop) => hop.index),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  t.strictSame(
    path.hops.map((hop) => hop.mtuBytes),
    [1450, 1450, 1450, 1500, 1500, 1450, 1450, 1450],
  );
  for (const hop of path.hops) {
    const wanted = hop.role === "nic" ? { kind: "vxlan", port: 4789, vni: 4096, outer: 4 } : { kind: "none" };
    t.strictSame(hop.encapsulation, wanted, hop.id);
    t.equal(hop.netns.kind, hop.role === "pod" ? "path" : "host", hop.id);
  }
  t.strictSame(path.notes, []);
  t.equal(path.replyHops, null);
  t.equal(path.recipe, "calico-vxlan");
  t.strictSame(path.underlay, {
    "node-a": { ip: "10.77.0.11", interface: "eth0" },
    "node-b": { ip: "10.77.0.12", interface: "eth0" },
  });
  t.strictSame(path.tunnels["node-a"], {
    interface: "vxlan.calico",
    address: "192.168.1.0",
    gateway: "192.168.2.0",
    remoteMac: "66:00:00:00:00:0b",
    remoteVtep: "10.77.0.12",
  });
  t.strictSame([...path.actions].sort(), ["netns/read", "node/read", "runtime/inspect", "runtime/pods"]);
});

t.test("a ClusterIP has its endpoint's hops", async (t) => {
  const path = await discover("healthy", ["shop/client", "10.96.0.20:80"]);
  t.strictSame(ids(path), DIRECT);
  t.equal(path.to.kind, "service");
  t.strictSame(path.to.addresses, [
    { ip: "10.96.0.20", port: 80 },
    { ip: "192.168.2.2", port: 8080 },
  ]);
});

t.test("within a node, from nodes and to the outside", async (t) => {
  t.strictSame(ids(await discover("healthy", ["shop/client", "shop/cart"])), [
    "node-a.pod.shop_client.eth0",
    "node-a.host-veth.caliaa50613ef2d",
    "node-a.host-veth.calie45f23531db",
    "node-a.pod.shop_cart.eth0",
  ]);
  const fromNode = await discover("healthy", ["node/node-a", "shop/web"]);
  t.strictSame(ids(fromNode), DIRECT.slice(2));
  t.strictSame(
    fromNode.from.addresses.map((address) => address.ip),
    ["10.77.0.11", "192.168.1.0"],
    "the node sends by its tunnel's address",
  );
  const toNode = await discover("healthy", ["shop/client", "node/node-b"]);
  t.strictSame(ids(toNode), [...DIRECT.slice(0, 2), "node-a.nic.eth0", "node-b.nic.eth0"]);
  t.equal(
    toNode.replyHops,
    null,
    "the sender's node masquerades, so replies come back through the same hops",
  );
  t.strictSame(
    toNode.from.addresses.map((address) => address.ip),
    [toNode.from.ip, "10.77.0.11"],
    "behind the masquerade the packets have the node's address",
  );
  t.strictSame(ids(await discover("healthy", ["node/node-a", "shop/client"])), [DIRECT[1], DIRECT[0]]);
  t.strictSame(ids(await discover("healthy", ["node/node-a", "node/node-b"])), [
    "node-a.nic.eth0",
    "node-b.nic.eth0",
  ]);
  const outside = await discover("healthy", ["shop/client", "203.0.113.9:443"]);
  t.strictSame(ids(outside), [DIRECT[0], DIRECT[1], "node-a.nic.eth0"]);
  t.strictSame(ids(await discover("healthy", ["203.0.113.9", "shop/web"])), [
    "node-b.nic.eth0",
    DIRECT[6],
    DIRECT[7],
  ]);
});

const FAULTS: Record<string, RegExp[]> = {
  "fdb-missing": [/node-a's FDB of vxlan\.calico has no entry for 66:00:00:00:00:0b/],
  "fdb-wrong": [/sends to 10\.77\.0\.99, which is no address of node-b/],
  "neigh-wrong": [/node-b's neighbour entry for 192\.168\.2\.2 .* is 02:00:00:00:00:99/],
  "pod-route-gone": [/node-b has no route to shop\/web/],
  "nic-down": [/node-b has no route to 10\.77\.0\.11/, /eth0 on node-b is down/],
};

for (const [fault, notes] of Object.entries(FAULTS)) {
  t.test(`${fault} is noted, and the hops stay`, async (t) => {
    const path = await discover(fault, ["shop/client", "shop/web:8080"]);
    t.strictSame(ids(path), DIRECT);
    t.equal(path.notes.length, notes.length, path.notes.join("; "));
    for (const [index, note] of notes.entries()) t.match(path.notes[index], note);
    t.equal(path.replyHops, null);
  });
}

t.test("the profile's underlay interface", async (t) => {
  const named = await discover("healthy", ["shop/client", "shop/web:8080"], {
    interfaces: { underlay: "eth0" },
  });
  t.match(named.hops[3]?.evidence, [/profile/]);
  await t.rejects(
    discover("healthy", ["shop/client", "shop/web:8080"], { interfaces: { underlay: "ens9" } }),
    {
      code: "HOP_UNRESOLVED",
      message: /node-[ab] has no ens9/,
    },
  );
});

t.test("ends without a path are refused", async (t) => {
  const context = { accesses: replay("healthy"), profile, recipes };
  const end = (change: Partial<End>): End => ({
    kind: "pod",
    text: "x",
    pod: null,
    node: null,
    ip: "192.0.2.1",
    port: null,
    addresses: [{ ip: "192.0.2.1", port: null }],
    netns: null,
    hostNetwork: false,
    cniHostInterfaces: [],
    ...change,
  });
  const outside = end({ kind: "ip" });
  const pod = end({ pod: "shop/web", node: "node-b" });
  await t.rejects(discoverPath(outside, outside, context), { code: "INPUT_INVALID" });
  await t.rejects(discoverPath(pod, pod, context), { code: "INPUT_INVALID" });
  await t.rejects(discoverPath(outside, end({ node: "node-z" }), context), { code: "NODE_UNREACHABLE" });
  const backends = [1, 2, 3].map((last) => ({ ip: `192.0.2.${last}`, port: 80 }));
  const service = end({ kind: "service", addresses: backends });
  await t.rejects(discoverPath(pod, service, context), {
    code: "TARGET_AMBIGUOUS",
    detail: /192\.0\.2\.3:80/,
  });
  const gone = end({ kind: "service", addresses: backends.slice(0, 2) });
  await t.rejects(discoverPath(pod, gone, context), { code: "TARGET_NOT_FOUND" });
});

t.test("an unknown CNI's hops are those that the kernel tells, and it is said", async (t) => {
  await t.rejects(discover("healthy", ["shop/client", "shop/web"], { cni: "nowhere" }), {
    code: "CNI_UNRECOGNISED",
    detail: /calico-vxlan/,
  });
  const accesses = replay("healthy");
  const facts = await gatherFacts(profile, accesses, { namings: NAMINGS });
  const from = await resolveEnd("shop/client", facts);
  const to = await resolveEnd("shop/web", facts);
  const none = recipes.map((recipe) => ({
    ...recipe,
    detect: { required: [{ link: { kind: "geneve" } }] },
  }));
  const context = { accesses, profile, recipes: none };
  const path = await discoverPath(from, to, context);
  t.equal(path.recipe, "generic");
  t.strictSame(ids(path), DIRECT);
  t.match(path.hops[3]?.encapsulation, { kind: "vxlan", port: 4789, vni: 4096 });
  t.match(path.notes, [/no recipe fits what the nodes show\. The hops are those of the nodes' routes/]);
  t.equal(path.notes.length, 1);
  const alike = await discoverPath(from, to, { ...context, recipes: [...recipes, ...recipes] });
  t.strictSame(ids(alike), DIRECT);
  t.match(alike.notes, [/fit alike/]);
  await t.rejects(discoverPath(from, to, { ...context, mustRecognise: true }), {
    code: "CNI_UNRECOGNISED",
    detail: /node-a: devices lo, eth0 \(veth\), vxlan\.calico \(vxlan\).*wants .*geneve/s,
  });
  const forced = await discover("healthy", ["shop/client", "shop/web"], { cni: "generic" });
  t.strictSame(ids(forced), DIRECT);
  t.strictSame(forced.notes, [], "it was asked for");
});
