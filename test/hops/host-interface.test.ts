import t from "tap";
import { findHostInterface, type HostInterfaceInput } from "../../lib/hops/host-interface.js";
import { bareLink, type Link } from "../../lib/linux/links.js";
import type { HopRecipe } from "../../lib/hops/recipe.js";

const link = (change: Partial<Link>): Link => ({
  ...bareLink("veth7"),
  ...{ index: 7, kind: "veth", mtuBytes: 1500, peerIndex: 2, peerElsewhere: true },
  ...change,
});
const POD = link({ index: 2, name: "eth0", peerIndex: 7 });
const recipe: HopRecipe = {
  metadata: { name: "x", title: "x" },
  detect: { required: [] },
  path: { local: ["pod", "host-veth"], leaving: ["pod", "host-veth", "nic"] },
  hostInterface: { methods: ["cni-result", "peer-index", "route"] },
};
const input = (change: Partial<HostInterfaceInput>, names: readonly string[] = []): HostInterfaceInput => ({
  node: "n",
  end: {
    kind: "pod",
    text: "a/b",
    pod: "a/b",
    node: "n",
    ip: "10.0.0.2",
    port: null,
    addresses: [],
    netns: null,
    hostNetwork: false,
    cniHostInterfaces: names,
  },
  hostLinks: [link({})],
  podLink: POD,
  route: { found: null, error: "none" },
  ...change,
});

t.test("the host side is found in the recipe's order", (t) => {
  const bridge = link({ name: "br0", kind: "bridge", index: 3, peerIndex: null });
  const byResult = findHostInterface(input({ hostLinks: [bridge, link({})] }, ["br0", "veth7"]), recipe);
  t.equal(byResult.link.name, "veth7", "the bridge in the CNI result is skipped");
  t.match(byResult.evidence, [/CNI result/, /peer index/]);
  const stale = link({ index: 9, name: "veth9", peerIndex: 2 });
  const byPeer = findHostInterface(input({ hostLinks: [stale, link({})] }, ["veth9"]), recipe);
  t.equal(byPeer.link.name, "veth7", "a result that another sandbox left is not believed");
  const hardware = link({ index: 2, name: "eth0", kind: null, peerIndex: null });
  const routed = { found: { dev: "veth7", gateway: null, encapsulatedTo: null, source: null }, error: null };
  const byRoute = findHostInterface(input({ podLink: hardware, route: routed }), recipe);
  t.match(byRoute.evidence, [/ip route get/]);
  const macvlan = link({ index: 2, name: "eth0", kind: "macvlan", peerIndex: 7 });
  t.throws(() => findHostInterface(input({ podLink: macvlan }), recipe), {
    code: "HOP_UNRESOLVED",
    detail: /cni-result: .*\npeer-index: .*macvlan.*\nroute: /,
  });
  const oneWay = [link({ peerIndex: 4 })];
  t.throws(
    () => findHostInterface(input({ hostLinks: oneWay }), recipe),
    { code: "HOP_UNRESOLVED" },
    "not reciprocal",
  );
  const sameSpace = [link({ peerElsewhere: false })];
  t.throws(() => findHostInterface(input({ hostLinks: sameSpace }), recipe), { code: "HOP_UNRESOLVED" });
  t.end();
});

t.test("an unexpected name is noted, not replaced", (t) => {
  const naming = { prefix: "cali", hash: "sha1", hexDigits: 11 } as const;
  const named = { ...recipe, hostInterface: { ...recipe.hostInterface, naming } };
  const found = findHostInterface(input({}, ["veth7"]), named);
  t.equal(found.link.name, "veth7");
  t.match(found.notes, [/by the recipe's naming it would be cali[0-9a-f]{11}$/]);
  t.end();
});
