import t from "tap";
import {
  alike,
  ask,
  type Asked,
  CLIENT,
  FLOW,
  flowOf,
  grew,
  type Look,
  POD_B,
  VETH_A,
  VETH_B,
  WEB,
} from "./kit.js";

const AT_POD = { lastSeen: POD_B, firstMissing: null } as const;
const REFUSED: Asked = {
  ...AT_POD,
  status: "rejected",
  rejectedBy: { ip: WEB, node: "node-b", how: "RST" },
  flow: flowOf("tcp", 8080),
};
const sockets = (text: string): Look => ({ at: "node-b shop/web", kind: "sockets", text });
const listens = (address: string): string => `tcp   LISTEN 0      5      ${address}      0.0.0.0:*`;

t.test("nothing listens on the port", async (t) => {
  const { cause } = ask({ ...REFUSED, looks: [sockets(listens("0.0.0.0:80"))] });
  t.equal(cause?.code, "no-listener");
  t.equal(cause?.summary, "inside pod shop/web on node-b: nothing listens on tcp port 8080");
  const local = ask({
    ...REFUSED,
    looks: [sockets(`${listens("127.0.0.1:8080")}\n${listens("[::1]:8080")}\nnoise`)],
  });
  t.match(local.cause?.summary, "only 127.0.0.1, [::1] listens on tcp port 8080");
});

t.test("a listener, or not enough known of it", async (t) => {
  const cause = (changes: Asked): unknown => ask({ ...REFUSED, ...changes }).cause;
  t.equal(cause({ looks: [sockets(listens("0.0.0.0:8080"))] }), null);
  t.equal(cause({ looks: [sockets(listens("*:8080"))] }), null);
  t.equal(cause({}), null, "not read");
  t.equal(cause({ looks: [sockets("")], flow: flowOf("tcp") }), null, "no port");
  t.equal(cause({ looks: [sockets("")], flow: FLOW }), null, "ICMP");
  t.equal(cause({ looks: [sockets("")], lastSeen: VETH_B }), null, "refused before the pod");
  t.equal(cause({ looks: [sockets("")], status: "unanswered" }), null);
  const byClient = { ip: CLIENT, node: "node-a", how: "TCP RST by the client" };
  t.equal(cause({ looks: [sockets("")], rejectedBy: byClient }), null, "the server answered");
  const flow = flowOf("tcp", 8080);
  const vm = { ...flow, to: { ...flow.to, isolation: "vm" as const } };
  t.equal(cause({ looks: [sockets("")], flow: vm }), null, "the listener is in a virtual machine");
});

t.test("a wrong checksum, by the counter of the flow's protocol", async (t) => {
  const silent = { ...AT_POD, status: "unanswered" } as const;
  const looks = grew("node-b shop/web", "UdpInCsumErrors", 4);
  const { cause } = ask({ ...silent, flow: flowOf("udp", 53), looks });
  t.equal(cause?.code, "checksum-error");
  t.match(cause?.evidence, [/UdpInCsumErrors grew by 4, as many as were lost/]);
  t.equal(ask({ ...silent, looks }).cause, null, "another protocol's");
  const udp = flowOf("udp", 53);
  const flow = { ...udp, to: { ...udp.to, ip: "fd00::7", addresses: [{ ip: "fd00::7", port: 53 }] } };
  t.equal(ask({ ...silent, flow, looks }).cause, null, "the other IP family's");
  const looks6 = grew("node-b shop/web", "Udp6InCsumErrors", 4);
  t.equal(ask({ ...silent, flow, looks: looks6 }).cause?.code, "checksum-error");
  t.equal(ask({ ...silent, flow: flowOf("udp", 53) }).cause, null, "not read");
  t.equal(ask({ flow: flowOf("udp", 53), looks }).cause, null, "not at the pod");
  t.equal(ask({ ...silent, status: "rejected", flow: flowOf("udp", 53), looks }).cause, null);
  const more = { ...silent, flow: flowOf("udp", 53), looks: grew("node-b shop/web", "UdpInCsumErrors", 8) };
  t.match(ask(more).caveats, [/grew by 8, more than the 4 lost: it counts what is not of this flow as well/]);
  const other = alike({ ...silent, flow: flowOf("udp", 53) });
  t.equal(ask({ ...more, alike: [other] }).cause?.code, "checksum-error");
  t.equal(ask({ ...more, alike: [alike({ ...silent })] }).cause, null, "the other flow is ICMP");
});

function neighbour(entry: object, device = VETH_B.interface): Look {
  const argv = ["ip", "-j", "neigh", "show", "dev", device];
  return { at: "node-b", kind: "neighbours", argv, text: JSON.stringify([{ dst: WEB, ...entry }]) };
}

t.test("the pod was never resolved", async (t) => {
  for (const state of ["FAILED", "INCOMPLETE"]) {
    const { cause } = ask({ looks: [neighbour({ state: [state] })] });
    t.equal(cause?.code, "neighbour-missing");
    t.equal(cause?.summary, `node-b: neighbour ${WEB} on ${VETH_B.interface} does not answer`);
  }
  t.equal(ask({ looks: [neighbour({ state: ["NOARP"] })] }).cause, null);
  t.equal(ask({ looks: [neighbour({ state: ["FAILED"], dst: "10.1.1.1" })] }).cause, null, "another address");
  t.equal(ask({ looks: [neighbour({ state: ["FAILED"] }, VETH_A.interface)] }).cause, null, "another device");
  const late = { lastSeen: VETH_B, firstMissing: POD_B, looks: [neighbour({ state: ["FAILED"] })] };
  t.equal(ask(late).cause, null, "it has left by the device");
  const unnamed = { ...FLOW, to: { ...FLOW.to, addresses: [] } };
  t.equal(ask({ flow: unnamed, looks: [neighbour({ state: ["FAILED"] })] }).cause?.code, "neighbour-missing");
});

t.test("the node has another MAC for the pod", async (t) => {
  const pod = (address: unknown): Look => ({
    at: "node-b shop/web",
    kind: "links",
    text: JSON.stringify([{ ifname: "eth0", address, flags: ["UP"] }]),
  });
  const silent = { ...AT_POD, status: "unanswered" } as const;
  const looks = [neighbour({ lladdr: "02:00:00:00:00:01", state: ["PERMANENT"] }), pod("02:00:00:00:00:02")];
  const { cause } = ask({ ...silent, looks });
  t.equal(cause?.code, "neighbour-mac-wrong");
  t.match(cause?.evidence, [/is 02:00:00:00:00:01$/, "node-b: the pod's eth0 has MAC 02:00:00:00:00:02"]);
  t.equal(ask({ ...silent, looks: [...looks.slice(0, 1), pod("02:00:00:00:00:01")] }).cause, null);
  t.equal(ask({ ...silent, looks: [...looks.slice(0, 1), pod(7)] }).cause, null);
  t.equal(ask({ ...silent, looks: looks.slice(0, 1) }).cause, null, "the pod was not read");
  t.equal(ask({ looks }).cause, null, "the packets did not come to it");
});

t.test("a bridge has the neighbours; without a host side, or a node, nobody has", async (t) => {
  const bridge = { ...VETH_B, role: "bridge" as const, interface: "cni0", id: "node-b.bridge.cni0" };
  const hops = FLOW.hops.flatMap((hop) => (hop.id === VETH_B.id ? [bridge, hop] : [hop]));
  const look = neighbour({ state: ["FAILED"] }, "cni0");
  t.equal(
    ask({ flow: { ...FLOW, hops }, firstMissing: bridge, looks: [look] }).cause?.code,
    "neighbour-missing",
  );
  const bare = FLOW.hops.filter((hop) => hop.role !== "host-veth");
  t.equal(ask({ flow: { ...FLOW, hops: bare }, looks: [neighbour({ state: ["FAILED"] })] }).cause, null);
  const outside = { ...FLOW, to: { ...FLOW.to, node: null } };
  t.equal(ask({ flow: outside, looks: [neighbour({ state: ["FAILED"] })] }).cause, null);
});
