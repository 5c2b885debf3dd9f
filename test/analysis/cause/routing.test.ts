import t from "tap";
import {
  alike,
  ask,
  CLIENT,
  FLOW,
  flowOf,
  freed,
  grew,
  type Look,
  NIC_B,
  POD_A,
  POD_B,
  TUNNEL_A,
  TUNNEL_B,
  VETH_B,
  WEB,
} from "./kit.js";

const UNREACHABLE = "RTNETLINK answers: Network is unreachable";
const INVALID = "RTNETLINK answers: Invalid argument";
const IIF = ["from", CLIENT, "iif", "vxlan.calico"];

function route(
  to: string,
  answer: { device?: string; error?: string; extra?: string[]; at?: string; code?: number },
): Look {
  const { device, error, extra = [], at = "node-b", code = 2 } = answer;
  return {
    at,
    kind: "route-get",
    argv: ["ip", "-j", "route", "get", to, ...extra],
    text: device === undefined ? "" : JSON.stringify([{ dst: to, dev: device }]),
    ...(error === undefined ? {} : { exitCode: code, stderr: error }),
  };
}

t.test("no route, and a blackhole", async (t) => {
  const missing = ask({ looks: [route(WEB, { error: UNREACHABLE })] });
  t.equal(missing.cause?.code, "route-missing");
  t.equal(missing.cause?.summary, `node-b: there is no route to ${WEB}`);
  t.strictSame(missing.cause?.evidence, [`node-b: ip -j route get ${WEB}: ${UNREACHABLE}`]);
  t.equal(ask({ looks: [route(WEB, { error: INVALID })] }).cause?.code, "route-blackhole");
  const table = JSON.stringify([
    { dst: "default", gateway: "10.77.0.1", dev: "eth0" },
    { type: "blackhole", dst: "192.168.218.64/26" },
    { dst: "10.0.0.0/8", dev: "eth0" },
  ]);
  const routes: Look = { at: "node-b", kind: "routes", text: table };
  t.strictSame(ask({ looks: [route(WEB, { error: INVALID }), routes] }).cause?.evidence.slice(1), [
    "node-b: its route: blackhole 192.168.218.64/26",
    "node-b: its route: default via 10.77.0.1 dev eth0",
  ]);
  const none: Look = { ...routes, text: "[]" };
  t.match(
    ask({ looks: [route(WEB, { error: UNREACHABLE }), none] }).cause?.evidence.at(-1),
    /none of its routes holds/,
  );
});

t.test("the routes that are shown are of the target's family and name their table", async (t) => {
  const routes = (family: 4 | 6, ...entries: readonly object[]): Look => ({
    at: "node-b",
    kind: "routes",
    argv: ["ip", "-j", `-${family}`, "route", "show", "table", "all"],
    text: JSON.stringify(entries),
  });
  const four = routes(4, { dst: "default", dev: "eth0" }, { dst: "192.168.218.64/26", dev: "x", table: "7" });
  const six = routes(6, { dst: "default", gateway: "fd77::1", dev: "eth0" });
  const shown = (looks: Look[], target = FLOW.to): readonly string[] | undefined =>
    ask({ looks, flow: { ...FLOW, to: target } }).cause?.evidence.slice(1);
  t.strictSame(shown([route(WEB, { error: INVALID }), four, six]), [
    "node-b: its route: 192.168.218.64/26 dev x table 7",
    "node-b: its route: default dev eth0",
  ]);
  const to = { ...FLOW.to, ip: "fd00::9", addresses: [] };
  t.strictSame(shown([route("fd00::9", { error: INVALID }), six, four], to), [
    "node-b: its route: default via fd77::1 dev eth0",
  ]);
  t.strictSame(shown([route("fd00::9", { error: INVALID }), four], to), [], "not looked at");
});

t.test("answers that say nothing of the packets' way", async (t) => {
  const cause = (...looks: Look[]): unknown => ask({ looks }).cause;
  t.equal(cause(route("10.1.1.1", { error: UNREACHABLE })), null, "another target");
  t.equal(cause(route(WEB, { error: UNREACHABLE, at: "node-a" })), null, "another node");
  t.equal(cause(route(WEB, { error: "ip: not found", code: 127 })), null, "no ip there");
  t.equal(
    cause(route(WEB, { error: "RTNETLINK answers: Invalid cross-device link" })),
    null,
    "the reverse path",
  );
  t.equal(cause(route(WEB, { error: UNREACHABLE, extra: ["iif", "eth9"] })), null, "another way in");
  t.equal(
    cause(route(WEB, { error: INVALID, extra: IIF }), route(WEB, { device: "x" })),
    null,
    "refuses the way in",
  );
  t.equal(cause({ ...route(WEB, { error: UNREACHABLE }), argv: ["ip", "route", "get"] }), null, "cut short");
  t.equal(
    ask({ lastSeen: NIC_B, firstMissing: TUNNEL_B, looks: [route(WEB, { error: UNREACHABLE })] }).cause,
    null,
  );
  const viaIif = ask({ looks: [route(WEB, { error: UNREACHABLE, extra: IIF })] });
  t.equal(viaIif.cause?.code, "route-missing");
});

t.test("a route that leads elsewhere", async (t) => {
  const looks = [route(WEB, { device: "eth9", extra: IIF })];
  t.match(ask({ looks }).cause?.summary, `the route to ${WEB} leads to eth9, not to ${VETH_B.interface}`);
  t.equal(ask({ looks: [route(WEB, { device: VETH_B.interface, extra: IIF })] }).cause, null);
  t.equal(ask({ looks: [route(WEB, { device: "eth9" })] }).cause, null, "asked for the node's own packets");
  t.equal(ask({ looks: [{ ...route(WEB, { extra: IIF }), text: "[" }] }).cause, null, "cut off");
});

t.test("a pod without a way out, or back", async (t) => {
  const out = ask({
    lastSeen: null,
    firstMissing: POD_A,
    looks: [route(WEB, { error: UNREACHABLE, at: "node-a shop/client" })],
  });
  t.equal(out.cause?.summary, `inside pod shop/client on node-a: there is no route to ${WEB}`);
  const silent = { status: "unanswered", lastSeen: POD_B, firstMissing: null } as const;
  const back = ask({ ...silent, looks: [route(CLIENT, { error: UNREACHABLE, at: "node-b shop/web" })] });
  t.equal(back.cause?.summary, `inside pod shop/web on node-b: there is no route to ${CLIENT}`);
  t.equal(ask({ ...silent, looks: [route(CLIENT, { device: "eth9", at: "node-b shop/web" })] }).cause, null);
});

const FILTER: Look = {
  at: "node-b",
  kind: "rp-filter",
  text: "net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.vxlan/calico.rp_filter = 1\n\nsysctl: cannot stat",
};
const COUNTER = "TcpExtIPReversePathFilter";

t.test("the reverse path filter counted the loss", async (t) => {
  const looks = [FILTER, ...grew("node-b", COUNTER, 4)];
  const { cause } = ask({ looks: [...looks, route(CLIENT, { device: "eth9" })] });
  t.equal(cause?.code, "rp-filter");
  t.strictSame(cause?.evidence, [
    "node-b: IPReversePathFilter grew by 4, as many as were lost",
    "node-b: rp_filter of vxlan.calico is 1",
    `node-b: the way back to ${CLIENT} is eth9`,
  ]);
  t.equal(ask({ looks }).cause?.evidence.length, 2);
  const inPod = ask({
    status: "unanswered",
    lastSeen: POD_B,
    firstMissing: null,
    looks: [
      ...grew("node-b shop/web", COUNTER, 4),
      { at: "node-b shop/web", kind: "rp-filter", text: "net.ipv4.conf.eth0.rp_filter = 2" },
    ],
  });
  t.equal(inPod.cause?.code, "rp-filter");
});

t.test("counters of a node without nstat", async (t) => {
  const text = (value: number): string =>
    `Udp: NoPorts Other\nUdp: 1 x\nTcpExt: SyncookiesSent IPReversePathFilter\nTcpExt: 0 ${value}\nIcmp: A B\nOdd: 1`;
  const looks: Look[] = [
    FILTER,
    { at: "node-b", kind: "snmp", phase: "before", text: text(3) },
    { at: "node-b", kind: "snmp", text: text(7) },
  ];
  t.equal(ask({ looks }).cause?.code, "rp-filter");
  t.equal(ask({ looks: looks.slice(0, 2) }).cause, null, "read once only");
});

t.test("the filter is off, or counted others' packets", async (t) => {
  const looks = [FILTER, ...grew("node-b", COUNTER, 4)];
  t.equal(ask({ looks: looks.slice(1) }).cause, null, "settings not read");
  t.equal(
    ask({ looks: [{ ...FILTER, text: FILTER.text.replace("= 1", "= x") }, ...looks.slice(1)] }).cause,
    null,
  );
  t.equal(ask({ looks: [FILTER, ...grew("node-b", COUNTER, 3)] }).cause, null, "less than were lost");
  t.equal(ask({ looks: [FILTER] }).cause, null, "no counter");
  t.equal(ask({ lastSeen: VETH_B, firstMissing: POD_B, looks }).cause, null, "behind the routing");
  const more = ask({ looks: [FILTER, ...grew("node-b", COUNTER, 40)] });
  t.equal(more.cause, null);
  t.match(more.caveats, [
    "node-b: IPReversePathFilter grew by 40, more than the 4 lost: it counts what is not of this flow as well",
  ]);
  const heard = { location: "ip_rcv_finish_core", reason: "IP_RPFILTER" };
  const confirmed = ask({ looks: [FILTER, ...grew("node-b", COUNTER, 40)], trace: freed(4, heard) });
  t.match(confirmed.cause?.summary, "drops what comes in by vxlan.calico");
  const sum = ask({
    looks: [FILTER, ...grew("node-b", COUNTER, 8)],
    alike: [alike({ flow: flowOf("udp", 53) })],
  });
  t.equal(sum.cause?.code, "rp-filter");
  t.equal(FLOW.protocol, "icmp");
});

t.test(
  "an address of no pod: where its node threw the packets away, though nothing behind that was looked into",
  async (t) => {
    const why = `no pod there has the address ${WEB}`;
    const dark = { end: "to", node: "node-b", pod: WEB, address: "10.77.0.12", why } as const;
    const nobody = { ...FLOW, to: { ...FLOW.to, pod: null, node: null }, unentered: [dark] };
    const status = { status: "unanswered", direction: null, lastSeen: TUNNEL_B, firstMissing: null } as const;
    const looks = [route(WEB, { error: INVALID, extra: IIF })];
    const codeOf = (asked: Parameters<typeof ask>[0]): string | undefined =>
      ask({ flow: nobody, ...status, looks, ...asked }).cause?.code;
    t.equal(codeOf({}), "route-blackhole");
    t.equal(codeOf({ looks: [route(WEB, { device: "eth0", extra: IIF })] }), undefined, "it has a way on");
    t.equal(codeOf({ direction: "reply" }), undefined);
    t.equal(codeOf({ lastSeen: TUNNEL_A }), undefined, "another node's");
    t.equal(codeOf({ flow: { ...nobody, unentered: [] } }), undefined);
  },
);
