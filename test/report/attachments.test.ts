import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import type {
  Attachments,
  LocatedInterface,
  LocatedPod,
  MethodWord,
} from "../../lib/model/cni/attachment.js";
import { renderAttachments } from "../../lib/report/index.js";

const SCHEMA = JSON.parse(
  readFileSync(new URL("../../schemas/attachments.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(SCHEMA);
const OPTIONS = { color: false, unicode: true, width: 100 };

const word = (
  method: MethodWord["method"],
  names: string | null,
  verdict: MethodWord["verdict"],
): MethodWord => ({
  ...{ method, names, verdict, says: `what ${method} says` },
});
const INTERFACE: LocatedInterface = {
  ...{ interface: "eth0", index: 2, kind: "veth", mac: "0a:00:00:00:00:02", addresses: ["10.0.0.2"] },
  ...{ mtuBytes: 1450, up: true, hostInterface: "veth7", bridge: "br0", evidence: ["ip -d link"] },
  host: { name: "veth7", index: 7, kind: "veth", mac: "ee:00:00:00:00:07", mtuBytes: 1450, up: false },
  methods: [
    word("alias", null, "silent"),
    word("peer-index", "veth7", "agrees"),
    word("route", "veth7", "agrees"),
  ],
  agree: true,
};
const POD: LocatedPod = {
  ...{ pod: "shop/client", node: "node-a", ips: ["10.0.0.2"], hostNetwork: false, pid: 24 },
  ...{ netns: "/run/netns/cni-1", sandbox: "934b3dc750cd6d2e", recipe: "flannel-vxlan", interface: "eth0" },
  ...{ hostInterface: "veth7", interfaces: [INTERFACE], evidence: [], notes: [] },
  containers: [
    { id: "1", name: "app", state: "CONTAINER_RUNNING" },
    { id: "2", name: "job", state: "CONTAINER_EXITED" },
  ],
  uplink: { address: "10.77.0.11", interface: "eth0", mtuBytes: 1500, tunnels: ["flannel.1"] },
};

function render(...pods: readonly LocatedPod[]): string {
  const found: Attachments = { apiVersion: "hopbook.dev/v1", kind: "Attachments", pods };
  t.ok(validate(found), JSON.stringify(validate.errors));
  return renderAttachments(found, OPTIONS);
}

t.test("the answer first, the devices outwards, how it is known, and what to type next", (t) => {
  const text = render(POD);
  t.equal(text.split("\n")[0], "shop/client's eth0 is veth7 on node-a, a port of its bridge br0");
  t.match(text, /^ {2}veth7 +on node-a +veth +mtu 1450 +DOWN/m);
  const order = ["eth0 ", "veth7 ", "br0 ", "flannel.1 ", "eth0 "];
  const lines = text.split("\n").slice(2, 7);
  t.ok(
    lines.every((line, at) => line.startsWith(`  ${String(order[at])}`)),
    lines.join("\n"),
  );
  t.match(text, /containers {2}app, job \(CONTAINER_EXITED\)/);
  t.match(text, /2 methods name veth7, none another\n {4}✔ peer index .*\n {4}✔ route .*\n {4}· alias/);
  t.match(
    text,
    /by hand, on node-a:\n {4}tcpdump -ni veth7\n {4}nsenter --net=\/run\/netns\/cni-1 tcpdump -ni eth0\n$/,
  );
  t.end();
});

t.test("methods that do not agree come first and are counted", (t) => {
  const methods = [...INTERFACE.methods, word("cni-result", "veth1", "contradicts")];
  const text = render({ ...POD, interfaces: [{ ...INTERFACE, methods, agree: false }], notes: ["a note"] });
  t.match(text, /do NOT agree: 2 for veth7, 1 against\n {4}✖ CNI result/);
  t.match(text, /▲ a note/);
  t.end();
});

t.test("a pod of the node's own network, one that was not looked into, one without an end there", (t) => {
  const none = { interfaces: [], interface: null, hostInterface: null, netns: null };
  t.match(
    render({ ...POD, ...none, hostNetwork: true }),
    /^shop\/client is in the network of node-a itself: .* leave by eth0/,
  );
  t.match(
    render({ ...POD, ...none, hostNetwork: true, uplink: null }),
    /^shop\/client is in the network of node-a itself\n/,
  );
  t.match(render({ ...POD, ...none, uplink: null, pid: null, sandbox: null, recipe: null }), /is not known/);
  const lone = {
    ...INTERFACE,
    hostInterface: null,
    host: null,
    bridge: null,
    kind: null,
    mtuBytes: null,
    agree: null,
  };
  const text = render({
    ...POD,
    interfaces: [{ ...lone, mac: null, methods: [word("alias", null, "silent")] }],
  });
  t.match(text, /^shop\/client's eth0 has no end on node-a that was found\n/);
  t.match(text, /no method names the host's end/);
  t.notMatch(text, /tcpdump -ni veth7/);
  t.notMatch(render({ ...POD, interfaces: [{ ...INTERFACE, methods: [] }] }), /method/);
  t.end();
});

t.test("many pods are a table, with the doubtful ones at length; hostile names stay one line", (t) => {
  const doubtful = { ...INTERFACE, agree: false, methods: [word("route", "veth9", "contradicts")] };
  const text = render(
    ...[POD, { ...POD, pod: "shop/evil\u001b[31m\nx" }, { ...POD, interfaces: [], hostNetwork: true }],
    ...[
      { ...POD, interfaces: [], notes: ["Cannot look into it"] },
      { ...POD, pod: "shop/odd", interfaces: [doubtful, INTERFACE] },
    ],
  );
  const table = text.split("\n").slice(0, 7);
  t.match(table[0], /^POD +NODE +ADDRESS +IN THE POD +ON THE NODE +BRIDGE +KNOWN BY$/);
  t.match(table[1], /^shop\/client .* veth7 +br0 +2 methods$/);
  t.match(table[3], /the node's own network/);
  t.match(table[5], /0 methods, ▲ 1 against/);
  t.notOk(text.includes("\u001b"));
  t.match(text, /Cannot look into it/);
  t.equal(text.match(/by hand, on/g)?.length, 1, "only what is doubtful is told at length");
  t.end();
});
