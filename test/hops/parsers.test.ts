import t from "tap";
import { wornBy } from "../../lib/wire/registry.js";
import { findHostInterface, type HostInterfaceInput } from "../../lib/hops/host-interface.js";
import { parseLinks, type Link } from "../../lib/hops/links.js";
import type { HopRecipe } from "../../lib/hops/recipe.js";
import { parseFdb, parseNeighbours, parseRouteAnswer, parseRoutes } from "../../lib/hops/tables.js";
import { fc } from "../fixtures/property.js";
import { isInterfaceName } from "../../lib/linux/interface-name.js";

t.test("random JSON never throws, and only usable names come out", (t) => {
  const keys = fc.constantFrom(
    "ifname",
    "ifindex",
    "dev",
    "dst",
    "mac",
    "lladdr",
    "linkinfo",
    "info_data",
    "via",
    "flags",
    "x",
  );
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(
        "eth0",
        "-w",
        "a/b",
        "1.2.3.4",
        "fd00::1",
        "66:00:00:00:00:0b",
        1,
        4789,
        null,
        "vxlan",
      ),
      fc.string(),
      fc.array(tie("node"), { maxLength: 4 }),
      fc.dictionary(keys, tie("node"), { maxKeys: 8 }),
    ),
  })).node;
  fc.assert(
    fc.property(value, (json) => {
      const names = [
        ...parseLinks(json).map((link) => link.name),
        ...parseRoutes(json).flatMap((route) => route.dev ?? []),
        ...parseNeighbours(json).map((entry) => entry.dev),
        parseRouteAnswer(json)?.dev ?? "ok",
      ];
      for (const entry of parseFdb(json)) if (!/^[0-9a-f:]{17}$/.test(entry.mac)) return false;
      return names.every(isInterfaceName);
    }),
    { numRuns: 2000 },
  );
  t.pass("2000 random answers");
  t.end();
});

t.test("a hostile interface name is no device", (t) => {
  const links = parseLinks([
    { ifname: "--help", ifindex: 1 },
    { ifname: "a\u001b[2J", ifindex: 2 },
    { ifname: "sixteen-bytes-xx", ifindex: 3 },
    {
      ifname: "eth0",
      ifindex: 4,
      mtu: 1500,
      flags: ["UP"],
      linkinfo: { info_kind: "vxlan", info_data: { id: -1 } },
    },
  ]);
  t.strictSame(
    links.map((link) => [link.name, wornBy(link, 4)]),
    [["eth0", null]],
  );
  t.end();
});

const link = (change: Partial<Link>): Link => ({
  index: 7,
  name: "veth7",
  kind: "veth",
  up: true,
  mtuBytes: 1500,
  mac: null,
  peerIndex: 2,
  peerElsewhere: true,
  master: null,
  addresses: [],
  data: {},
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
