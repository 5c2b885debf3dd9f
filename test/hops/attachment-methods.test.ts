import t from "tap";
import { askEveryMethod, type AttachmentInput } from "../../lib/hops/attachment-methods.js";
import { parseFdb } from "../../lib/linux/fdb.js";
import { bareLink, type Link } from "../../lib/linux/links.js";
import type { AttachmentMethod, MethodWord } from "../../lib/model/cni/attachment.js";
import { podEnd } from "./machine.js";

const device = (change: Partial<Link>): Link => ({
  ...bareLink("veth7"),
  ...{
    index: 7,
    kind: "veth",
    peerIndex: 2,
    peerElsewhere: true,
    peerNamespaceId: 3,
    mac: "ee:00:00:00:00:07",
  },
  ...change,
});
const HOST = device({});
const OTHER = device({ name: "veth9", index: 9, peerIndex: 4, peerNamespaceId: 5 });
const POD = device({
  ...{ name: "eth0", index: 2, peerIndex: 7, peerNamespaceId: 0, mac: "0a:00:00:00:00:02" },
  addresses: ["10.0.0.2"],
});
const BRIDGE = device({ name: "br0", index: 3, kind: "bridge", peerIndex: null, peerElsewhere: false });
const NAMING = { prefix: ["cali", "tap"], hash: "sha1", hexDigits: 11 } as const;
/** sha1 of shop.client. */
const NAMED = "caliaa50613ef2d";

function input(change: Partial<AttachmentInput> = {}, names: readonly string[] = []): AttachmentInput {
  return {
    ...{ end: { ...podEnd("client", "n", "10.0.0.2"), cniHostInterfaces: names }, node: "n", podLink: POD },
    ...{ hostLinks: [HOST, OTHER], route: { found: null, error: "none" }, isMain: true, neighbours: [] },
    recipe: { hostInterface: { methods: ["peer-index"] } },
    tables: { fdb: [], namespaces: [] },
    cache: [],
    ...change,
  };
}

function say(method: AttachmentMethod, asked: AttachmentInput, chosen: Link | null = HOST): MethodWord {
  const found = askEveryMethod(asked, chosen).methods.find((word) => word.method === method);
  if (found === undefined) throw new Error(`nothing is said of ${method}`);
  return found;
}

const routeBy = (dev: string, gateway: string | null = null): AttachmentInput["route"] => ({
  found: { dev, gateway, encapsulatedTo: null, source: null },
  error: null,
});
const cached = (ifName: string, hostInterfaces: readonly string[]): AttachmentInput["cache"] => [
  { sandboxId: "a1", podUid: null, ifName, hostInterfaces, ips: [] },
];
const learnt = (...entries: readonly object[]): AttachmentInput["tables"] => ({
  namespaces: [],
  fdb: parseFdb(JSON.stringify(entries)),
});
const inNamespace = (...named: readonly { name: string; id: number }[]): AttachmentInput["tables"] => ({
  fdb: [],
  namespaces: named,
});
const neighbour = (mac: string | null, dev: string): AttachmentInput["neighbours"][number] => ({
  ...{ ip: "10.0.0.2", dev, mac, states: ["REACHABLE"], isExternal: false, isProxy: false },
});

/** What a method names, or the word of why it names none. */
const CASES: readonly (readonly [
  string,
  AttachmentMethod,
  AttachmentInput,
  MethodWord["verdict"],
  RegExp,
])[] = [
  ["a pair", "peer-index", input(), "agrees", /eth0 \(index 2\) and veth7 \(index 7\) name each other/],
  ["no pair", "peer-index", input({ hostLinks: [OTHER] }), "silent", /no device of the host has index 7/],
  [
    "the only device into it",
    "namespace-id",
    input({ tables: inNamespace({ name: "client", id: 3 }) }),
    "agrees",
    /veth7 leads into client \(id 3\)$/,
  ],
  [
    "another's namespace",
    "namespace-id",
    input({ tables: inNamespace({ name: "client", id: 5 }) }),
    "contradicts",
    /veth9 leads into client/,
  ],
  [
    "two devices into it, the pair first",
    "namespace-id",
    input({
      hostLinks: [device({ name: "vethA", index: 8, peerIndex: 5 }), HOST],
      tables: inNamespace({ name: "client", id: 3 }),
    }),
    "agrees",
    /veth7 leads into client \(id 3\), as does vethA/,
  ],
  [
    "a namespace without an id",
    "namespace-id",
    input({ tables: inNamespace({ name: "x", id: 3 }) }),
    "silent",
    /knows no id of client/,
  ],
  [
    "nothing leads there",
    "namespace-id",
    input({ tables: inNamespace({ name: "client", id: 8 }) }),
    "silent",
    /no pair of the node's leads into client/,
  ],
  [
    "it could not be listed",
    "namespace-id",
    input({ tables: { fdb: [], namespaces: "Cannot list" } }),
    "silent",
    /^Cannot list$/,
  ],
  [
    "no name of the namespace",
    "namespace-id",
    input({ end: { ...podEnd("client", "n", "10.0.0.2"), netns: { kind: "path", path: "/proc/7/ns/net" } } }),
    "silent",
    /has no name below/,
  ],
  [
    "a result with a bridge",
    "cni-result",
    input({ hostLinks: [BRIDGE, HOST] }, ["br0", "veth7"]),
    "agrees",
    /names veth7$/,
  ],
  [
    "only the bridge",
    "cni-result",
    input({ hostLinks: [BRIDGE, HOST] }, ["br0"]),
    "silent",
    /only the bridge br0/,
  ],
  [
    "an older sandbox's, gone",
    "cni-result",
    input({}, ["veth1"]),
    "contradicts",
    /names veth1, which is not there/,
  ],
  ["another pod's", "cni-result", input({}, ["veth9"]), "contradicts", /veth9, which is not the other end/],
  ["none", "cni-result", input(), "silent", /shows no CNI result/],
  ["of another interface", "cni-result", input({ isMain: false }, ["veth9"]), "silent", /another interface/],
  ["of this second interface", "cni-result", input({ isMain: false }, ["veth7"]), "agrees", /names veth7/],
  ["libcni's", "cni-cache", input({ cache: cached("eth0", ["veth7"]) }), "agrees", /results names veth7/],
  [
    "libcni's of another interface",
    "cni-cache",
    input({ cache: cached("net1", ["veth7"]) }),
    "silent",
    /nothing of eth0/,
  ],
  [
    "libcni's without the host",
    "cni-cache",
    input({ cache: cached("eth0", []) }),
    "silent",
    /names no interface of the host/,
  ],
  ["libcni's that cannot be read", "cni-cache", input({ cache: "Cannot read" }), "silent", /^Cannot read$/],
  ["a route", "route", input({ route: routeBy("veth7") }), "agrees", /ip route get 10.0.0.2: dev veth7/],
  ["a route to another's", "route", input({ route: routeBy("veth9") }), "contradicts", /dev veth9/],
  [
    "a route to a bridge",
    "route",
    input({ hostLinks: [BRIDGE, HOST], route: routeBy("br0") }),
    "silent",
    /a bridge/,
  ],
  [
    "the default route",
    "route",
    input({ route: routeBy("eth0", "10.9.9.1") }),
    "silent",
    /via 10.9.9.1, which is not to the pod/,
  ],
  ["no route", "route", input(), "silent", /has no route to 10.0.0.2: none/],
  [
    "behind one device",
    "route",
    input({
      recipe: { hostInterface: { methods: [], entry: ["cilium_host"] } },
      route: routeBy("cilium_host"),
    }),
    "silent",
    /behind which all pods are/,
  ],
  [
    "of a second interface",
    "route",
    input({ isMain: false, route: routeBy("veth7") }),
    "silent",
    /first address/,
  ],
  [
    "a neighbour",
    "neighbour",
    input({ neighbours: [neighbour(POD.mac, "veth7")] }),
    "agrees",
    /at 0a:00:00:00:00:02 on veth7, the pod's own MAC/,
  ],
  [
    "a neighbour elsewhere",
    "neighbour",
    input({ neighbours: [neighbour("0a:00:00:00:00:99", "veth9")] }),
    "contradicts",
    /the pod's eth0 has 0a:00:00:00:00:02/,
  ],
  [
    "a neighbour on a bridge",
    "neighbour",
    input({ hostLinks: [BRIDGE, HOST], neighbours: [neighbour(POD.mac, "br0")] }),
    "silent",
    /its table tells the port/,
  ],
  [
    "a neighbour that failed",
    "neighbour",
    input({ neighbours: [neighbour(null, "veth7")] }),
    "silent",
    /no entry/,
  ],
  ["no bridge", "bridge-table", input(), "silent", /n has no bridge/],
  [
    "learnt",
    "bridge-table",
    input({
      hostLinks: [BRIDGE, HOST],
      tables: learnt({ mac: POD.mac, ifname: "veth7", master: "br0", state: "" }),
    }),
    "agrees",
    /br0 has 0a:00:00:00:00:02 at its port veth7$/,
  ],
  [
    "learnt at two ports",
    "bridge-table",
    input({
      hostLinks: [BRIDGE, HOST],
      tables: learnt(
        { mac: POD.mac, ifname: "veth9", master: "br0" },
        { mac: POD.mac, ifname: "veth7", master: "br0" },
      ),
    }),
    "contradicts",
    /and at veth7: two pods have one MAC/,
  ],
  [
    "a port's own MAC is not learnt",
    "bridge-table",
    input({
      hostLinks: [BRIDGE, HOST],
      tables: learnt({ mac: POD.mac, ifname: "veth7", master: "br0", state: "permanent" }),
    }),
    "silent",
    /no bridge knows/,
  ],
  [
    "a table that cannot be read",
    "bridge-table",
    input({ hostLinks: [BRIDGE, HOST], tables: { fdb: "Cannot", namespaces: [] } }),
    "silent",
    /^Cannot$/,
  ],
  [
    "an alias",
    "alias",
    input({ hostLinks: [device({ alias: "link-pod shop/client" })] }),
    "agrees",
    /alias "link-pod shop\/client"/,
  ],
  [
    "another pod's alias",
    "alias",
    input({ hostLinks: [device({ alias: "link-pod shop/client-2" })] }),
    "silent",
    /no device's alias/,
  ],
  ["no rule of names", "naming", input(), "silent", /no rule/],
  [
    "a rule whose name is not there",
    "naming",
    input({ recipe: { hostInterface: { methods: [], naming: NAMING } } }),
    "contradicts",
    /make caliaa50613ef2d or tapaa50613ef2d, which is not there/,
  ],
];

for (const [what, method, asked, verdict, says] of CASES)
  t.test(`${method}: ${what}`, (t) => {
    const word = say(method, asked);
    t.equal(word.verdict, verdict);
    t.match(word.says, says);
    t.equal(word.names === null, verdict === "silent");
    t.end();
  });

t.test("a CNI's rule names the device that is there", (t) => {
  const cali = device({ name: NAMED });
  const asked = input({ hostLinks: [cali], recipe: { hostInterface: { methods: [], naming: NAMING } } });
  t.match(say("naming", asked, cali), { verdict: "agrees", names: NAMED });
  t.end();
});

t.test("where none is known the surest live method names the end; what should be proves none", (t) => {
  const dead = device({ peerIndex: 99 });
  const byTable = input({
    hostLinks: [BRIDGE, dead],
    tables: learnt({ mac: POD.mac, ifname: "veth7", master: "br0" }),
  });
  const found = askEveryMethod(byTable, null);
  t.equal(found.link?.name, "veth7");
  t.match(
    found.methods.find(({ method }) => method === "bridge-table"),
    { verdict: "agrees" },
  );
  const byRule = input({
    hostLinks: [device({ name: NAMED, peerIndex: 99 })],
    recipe: { hostInterface: { methods: [], naming: NAMING } },
  });
  const rule = askEveryMethod(byRule, null);
  t.equal(rule.link, null);
  t.match(
    rule.methods.find(({ method }) => method === "naming"),
    { verdict: "contradicts", names: NAMED },
  );
  t.end();
});
