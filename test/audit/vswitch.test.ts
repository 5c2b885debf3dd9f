import t from "tap";
import { readFileSync } from "node:fs";
import { askFully, ask, PATH, type Look } from "./kit.js";

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/ovn/${name}.txt`, import.meta.url), "utf8");

const SWITCHED = { ...PATH, switched: { from: "shop_client", to: "shop_web" } };
const argv = (protocol: string): string => `sh -c TEXT hopbook-switch-trace ${protocol} shop_client`;
const look = (name: string, more: Partial<Look> = {}): Look => ({
  ...{ at: "node-a", kind: "switch-trace", argv: argv("tcp"), text: recorded(name) },
  ...more,
});

t.test("OVN's own word for the packet", async (t) => {
  t.strictSame(ask("switch", [look("delivered")], { path: SWITCHED }), [
    "fine: the logical switches bring them to the port shop_web",
  ]);
  const [dropped] = askFully("switch", [look("acl-drop")], { path: SWITCHED });
  t.match(dropped, {
    severity: "fault",
    what: /^the ACL "NP:shop:deny-web:Ingress" \(.*k8s\.ovn\.org\/name shop:deny-web.*\) drops them on the switch node-b$/,
    evidence: [{ command: "hopbook-switch-trace tcp shop_client", line: /^ls_out_acl: .* priority 2001$/ }],
  });
  t.match(ask("switch", [look("acl-reject", { at: "node-b" })], { path: SWITCHED }), [
    /^fault: .* rejects them on the switch node-a$/,
  ]);
  t.match(ask("switch", [look("no-such-address")], { path: SWITCHED }), [
    /^doubt: the logical flows end on /,
  ]);
  for (const to of [null, "shop_other"]) {
    const path = { ...SWITCHED, switched: { from: "shop_client", to } };
    t.match(ask("switch", [look("delivered")], { path }), [
      /^doubt: the logical switches bring them to the port shop_web; what /,
    ]);
  }
});

t.test("what no node has the databases of is a doubt, and of another protocol no answer", async (t) => {
  const silent = [look("delivered", { argv: argv("udp") }), look("delivered", { text: "" })];
  t.match(ask("switch", silent, { path: SWITCHED }), [/^doubt: what the switch does .*: no node was asked$/]);
  const failed = look("delivered", { exitCode: 3, stderr: "ovn-trace is not installed\nmore" });
  t.match(ask("switch", [failed], { path: SWITCHED }), [/is not known: ovn-trace is not installed$/]);
  const six = { ...SWITCHED, to: { ...PATH.to, ip: "fd00::7", addresses: [{ ip: "fd00::7", port: null }] } };
  const echo = look("delivered", { argv: argv("icmpv6") });
  t.match(ask("switch", [echo], { path: six, protocol: "icmp" }), [/^fine/], "of IPv6 the other ICMP");
  const nowhere = { ...SWITCHED, from: { ...PATH.from, node: null }, to: { ...PATH.to, node: null } };
  t.match(ask("switch", [], { path: nowhere }), [/^doubt/]);
  t.strictSame(ask("switch", [look("acl-drop")]), [], "where no switch has the packets it has no say");
});

t.test("the nodes' own tables are not asked what becomes of such packets", async (t) => {
  for (const check of ["forwarding", "rp-filter", "neighbours", "tunnel-socket"])
    t.strictSame(ask(check, [], { path: SWITCHED }), [], check);
  const ofNodes = askFully("routes", [], { path: SWITCHED }).filter(({ place }) => place.pod === null);
  t.strictSame(ofNodes, []);
  t.not(askFully("routes", []).filter(({ place }) => place.pod === null).length, 0);
});

t.test("the flow tables of the sender's own switch, whoever wrote them", async (t) => {
  const flows = (name: string, more: Partial<Look> = {}): Look => ({
    ...{ at: "node-a shop/client", kind: "flow-trace", text: recorded(`flows/${name}`) },
    ...{ argv: "nsenter --net=/run/netns/x sh -c TEXT hopbook-flow-trace tcp shop_client" },
    ...more,
  });
  const said = (...looks: Look[]): string[] => ask("switch-flows", looks, { path: SWITCHED });
  t.strictSame(said(flows("delivered")), ["fine: the flow tables of node-a send them on"]);
  t.match(askFully("switch-flows", [flows("drop")], { path: SWITCHED }), [
    {
      severity: "fault",
      what: 'the flow "tcp,in_port=2,tp_dst=8080, priority 200, cookie 0xbad" of table 0 of br-int drops them',
      evidence: [{ command: "hopbook-flow-trace tcp shop_client", line: /^0\. tcp,.*: drop$/ }],
    },
  ]);
  t.match(said(flows("drop-behind-tracking")), [
    /^doubt: the flow "tcp,tp_dst=8080, priority 60000, cookie 0xbad" of table 20 of br-int drops them where connection tracking/,
  ]);
  t.strictSame(said(flows("drop", { exitCode: 3, stderr: "no Open vSwitch runs here" })), []);
  t.strictSame(said(flows("drop", { argv: "sh -c TEXT hopbook-flow-trace udp shop_client" })), []);
  t.strictSame(said(flows("drop", { text: "odd" })), []);
  t.strictSame(ask("switch-flows", [flows("drop")]), [], "where no switch has the packets it has no say");
  const nowhere = { ...SWITCHED, from: { ...PATH.from, node: null } };
  t.strictSame(ask("switch-flows", [flows("drop")], { path: nowhere }), []);
});
