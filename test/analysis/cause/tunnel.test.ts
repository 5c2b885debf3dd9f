import t from "tap";
import { ask, FLOW, type Look, NIC_A, NIC_B, POD_A, TUNNEL_A, TUNNEL_B, VETH_A, VETH_B } from "./kit.js";

const MAC = "66:00:00:00:00:0b";
const OTHER = "66:00:00:00:00:ff";
const NEAR = FLOW.tunnels["node-a"];
if (NEAR === undefined) throw new Error("no tunnel in the recording");
const GATEWAY = NEAR.gateway;
const FAR_IP = FLOW.underlay["node-b"]?.ip;
const LEAVES = { lastSeen: TUNNEL_A, firstMissing: NIC_A };
const WIRE = { lastSeen: NIC_A, firstMissing: NIC_B };

const neighbour = (mac: string | null): Look => ({
  at: "node-a",
  kind: "neighbours",
  argv: ["ip", "-j", "neigh", "show", "dev", "vxlan.calico"],
  text: JSON.stringify([{ dst: GATEWAY, ...(mac === null ? {} : { lladdr: mac }), state: ["PERMANENT"] }]),
});
const fdb = (...entries: object[]): Look => ({
  at: "node-a",
  kind: "fdb",
  argv: ["bridge", "-j", "fdb", "show", "dev", "vxlan.calico"],
  text: JSON.stringify(entries),
});
const far = (address: string | undefined): Look => ({
  at: "node-b",
  kind: "links",
  text: JSON.stringify([{ ifname: "vxlan.calico", address, flags: ["UP"] }]),
});

t.test("the next hop's MAC is not known: only where packets go into the tunnel", async (t) => {
  const looks = [neighbour(null)];
  const { cause } = ask({ lastSeen: VETH_A, firstMissing: TUNNEL_A, looks });
  t.equal(cause?.code, "neighbour-missing");
  t.equal(ask({ ...WIRE, looks }).cause, null);
  t.equal(ask({ looks }).cause, null, "on the far node");
  t.equal(ask({ lastSeen: POD_A, firstMissing: VETH_A, looks }).cause, null);
  t.equal(ask({ lastSeen: VETH_A, firstMissing: NIC_A, looks }).cause, null, "past the tunnel");
});

t.test("the next hop's MAC is not the far tunnel's", async (t) => {
  const looks = [neighbour(OTHER), fdb({ mac: OTHER, dst: FAR_IP }), far(MAC)];
  const arrived = ask({ looks });
  t.equal(arrived.cause?.code, "neighbour-mac-wrong");
  t.match(arrived.cause?.evidence, [
    /is 66:00:00:00:00:ff/,
    /node-b: vxlan.calico has MAC 66:00:00:00:00:0b/,
  ]);
  t.equal(ask({ ...LEAVES, looks }).cause?.code, "neighbour-mac-wrong", "explains the missing entry too");
  t.equal(ask({ ...WIRE, looks }).cause, null);
  t.equal(ask({ lastSeen: VETH_A, firstMissing: TUNNEL_A, looks }).cause, null);
  t.equal(ask({ looks: [neighbour(MAC), far(MAC)] }).cause, null);
  t.equal(ask({ looks: [neighbour(OTHER), far(undefined)] }).cause, null);
  t.equal(ask({ looks: [neighbour(OTHER)] }).cause, null, "the far node's links were not read");
});

t.test("no FDB entry for the next hop's MAC", async (t) => {
  const bare = { mac: MAC, ifname: "vxlan.calico" };
  t.equal(ask({ ...LEAVES, looks: [neighbour(MAC), fdb(bare)] }).cause?.code, "fdb-entry-missing");
  const flood = { mac: "00:00:00:00:00:00", dst: FAR_IP };
  t.equal(ask({ ...LEAVES, looks: [neighbour(MAC), fdb(flood)] }).cause, null, "it floods");
  t.equal(ask({ ...WIRE, looks: [neighbour(MAC), fdb()] }).cause, null);
  t.equal(ask({ ...LEAVES, looks: [neighbour(MAC)] }).cause, null, "the FDB was not read");
  t.equal(ask({ ...LEAVES, looks: [fdb()] }).cause, null, "the neighbours were not read");
});

t.test("the FDB leads to another host", async (t) => {
  const looks = [neighbour(MAC), fdb({ mac: MAC, dst: "10.9.9.9" }, { dst: "10.9.9.8" })];
  const { cause } = ask({ ...WIRE, looks });
  t.equal(cause?.code, "fdb-wrong-destination");
  t.match(cause?.summary, `sends the packets to 10.9.9.9, not to node-b (${FAR_IP ?? ""})`);
  t.equal(ask({ ...LEAVES, looks }).cause, null);
  t.equal(ask({ ...WIRE, looks: [neighbour(MAC), fdb({ mac: MAC, dst: FAR_IP })] }).cause, null);
  t.equal(
    ask({ ...WIRE, looks, flow: { ...FLOW, underlay: {} } }).cause,
    null,
    "the far address is not known",
  );
});

t.test("without a tunnel, or an end's node, nothing is said of one", async (t) => {
  const looks = [neighbour(OTHER), far(MAC)];
  t.equal(ask({ looks, flow: { ...FLOW, tunnels: {} } }).cause, null);
  t.equal(ask({ looks, flow: { ...FLOW, from: { ...FLOW.from, node: null } } }).cause, null);
  t.equal(ask({ looks, flow: { ...FLOW, to: { ...FLOW.to, node: null } } }).cause, null);
  const outside = { "node-a": { ...NEAR, gateway: null } };
  t.equal(ask({ looks, flow: { ...FLOW, tunnels: outside } }).cause, null);
  t.equal(ask({ looks, flow: { ...FLOW, tunnels: { "node-a": NEAR } } }).cause, null);
});

t.test("nothing listens on the tunnel's port", async (t) => {
  const at = { lastSeen: NIC_B, firstMissing: TUNNEL_B };
  const sockets = (text: string): Look => ({ at: "node-b", kind: "sockets", text });
  const closed = ask({ ...at, looks: [sockets("tcp LISTEN 0 128 0.0.0.0:4789 0.0.0.0:*")] });
  t.equal(closed.cause?.code, "tunnel-socket-missing");
  t.equal(closed.cause?.evidence.length, 1);
  t.equal(ask({ ...at, looks: [sockets("udp UNCONN 0 0 0.0.0.0:4789 0.0.0.0:*")] }).cause, null);
  t.equal(ask(at).cause, null, "not read");
  t.equal(
    ask({ lastSeen: VETH_B, firstMissing: TUNNEL_B, direction: "reply", looks: [sockets("")] }).cause,
    null,
  );
  const nstat = (value: number): string => JSON.stringify({ kernel: { UdpNoPorts: value } });
  const told = ask({
    ...at,
    looks: [
      sockets(""),
      { at: "node-b", kind: "nstat", phase: "before", text: nstat(1) },
      { at: "node-b", kind: "nstat", text: nstat(5) },
    ],
  });
  t.equal(told.cause?.evidence[1], "node-b: UdpNoPorts grew by 4");
});
