import t from "tap";
import {
  alike,
  ask,
  flowOf,
  FLOW,
  type Look,
  NIC_A,
  NIC_B,
  POD_A,
  POD_B,
  TUNNEL_A,
  TUNNEL_B,
  VETH_A,
  VETH_B,
} from "./kit.js";

const UP = { flags: ["UP", "LOWER_UP"], operstate: "UP", mtu: 1500 };
const DOWN = { flags: ["BROADCAST"], operstate: "DOWN", mtu: 1500 };

function links(at: string, devices: Record<string, object>): Look {
  const text = JSON.stringify(Object.entries(devices).map(([ifname, link]) => ({ ifname, ...link })));
  return { at, kind: "links", text };
}

t.test("the device that the packets did not come to is down", async (t) => {
  const { cause } = ask({ looks: [links("node-b", { [VETH_B.interface]: DOWN })] });
  t.equal(cause?.code, "link-down");
  t.equal(cause?.summary, `node-b: ${VETH_B.interface} is down`);
  const carrier = { ...UP, flags: ["UP", "NO-CARRIER"] };
  t.equal(ask({ looks: [links("node-b", { [VETH_B.interface]: carrier })] }).cause?.code, "link-down");
});

t.test("a device that is not at the break, or has shown the packets, is none of it", async (t) => {
  const cause = (looks: Look[]): unknown => ask({ looks }).cause;
  t.equal(cause([links("node-b", { eth0: DOWN, caliother: DOWN })]), null);
  t.equal(cause([links("node-b", { "vxlan.calico": DOWN })]), null, "showed them, and is down only now");
  t.equal(cause([links("node-a", { [VETH_B.interface]: DOWN })]), null);
  const leaves = { lastSeen: NIC_A, firstMissing: NIC_B };
  t.match(
    ask({ ...leaves, looks: [links("node-a", { eth0: DOWN })] }).cause?.summary,
    "node-a: eth0 is down",
  );
  t.equal(
    ask({ ...leaves, looks: [links("node-a", { eth0: UP }), links("node-b", { eth0: UP })] }).cause,
    null,
  );
});

t.test("a pod's device is looked for in the pod it is in", async (t) => {
  const into = ask({
    lastSeen: VETH_B,
    firstMissing: POD_B,
    looks: [links("node-b", { eth0: UP }), links("node-b shop/web", { eth0: DOWN })],
  });
  t.equal(into.cause?.summary, "inside pod shop/web on node-b: eth0 is down");
  const out = ask({
    lastSeen: null,
    firstMissing: POD_A,
    looks: [links("node-a shop/client", { eth0: DOWN })],
  });
  t.equal(out.cause?.summary, "inside pod shop/client on node-a: eth0 is down");
  const leaving = ask({
    lastSeen: POD_A,
    firstMissing: VETH_A,
    looks: [links("node-a", { [VETH_A.interface]: DOWN })],
  });
  t.equal(leaving.cause?.summary, `node-a: ${VETH_A.interface} is down`);
});

t.test("a device takes less than all lost packets have", async (t) => {
  const at = { lastSeen: VETH_A, firstMissing: TUNNEL_A, ipBytes: 1400 };
  const looks = [links("node-a", { "vxlan.calico": { ...UP, mtu: 1300 } })];
  const { cause } = ask({ ...at, looks, largestPassedIpBytes: 84 });
  t.equal(cause?.code, "mtu-exceeded");
  t.equal(cause?.summary, "node-a: vxlan.calico takes 1300 bytes, the lost packets have 1400 and more there");
  t.equal(cause?.evidence.at(-1), "packets of up to 84 bytes pass");
  t.equal(ask({ ...at, looks }).cause?.evidence.length, 2, "nothing is known to pass");
  t.equal(ask({ ...at, looks, largestPassedIpBytes: 1400 }).cause, null, "as large ones pass");
  t.equal(ask({ ...at, ipBytes: 1300, looks }).cause, null);
  t.equal(
    ask({ ...at, ipBytes: 7056, flow: flowOf("tcp", 80), looks }).cause,
    null,
    "cut later: nobody saw the pieces",
  );
  t.equal(ask({ ...at, lose: 0, looks }).cause, null);
  t.equal(ask({ ...at, looks: [links("node-a", { "vxlan.calico": { ...UP, mtu: "?" } })] }).cause, null);
});

t.test("inside a tunnel the outer headers count too", async (t) => {
  const at = { lastSeen: TUNNEL_A, firstMissing: NIC_A, ipBytes: 1420 };
  const looks = [links("node-a", { eth0: { ...UP, mtu: 1460 } })];
  t.match(ask({ ...at, looks }).cause?.summary, /takes 1460 bytes, the lost packets have 1470 and more/);
  t.equal(ask({ ...at, ipBytes: 1400, looks }).cause, null);
  const outer6 = FLOW.hops.map((hop) =>
    hop.encapsulation.kind === "vxlan"
      ? { ...hop, encapsulation: { ...hop.encapsulation, outer: 6 as const } }
      : hop,
  );
  t.match(ask({ ...at, ipBytes: 1400, looks, flow: { ...FLOW, hops: outer6 } }).cause?.summary, /have 1470/);
  const bare = FLOW.hops.map((hop) => ({ ...hop, encapsulation: { kind: "none" as const } }));
  t.equal(ask({ ...at, ipBytes: 1400, looks, flow: { ...FLOW, hops: bare } }).cause, null);
  const out = { lastSeen: NIC_B, firstMissing: TUNNEL_B, ipBytes: 1440 };
  t.equal(ask({ ...out, looks: [links("node-b", { "vxlan.calico": { ...UP, mtu: 1450 } })] }).cause, null);
});

t.test("a hole between nodes: only large packets are lost, and no device shows why", async (t) => {
  const at = { lastSeen: NIC_A, firstMissing: NIC_B, ipBytes: 1450, largestPassedIpBytes: 162 };
  const { cause } = ask(at);
  t.equal(cause?.code, "mtu-exceeded");
  t.equal(
    cause?.summary,
    "packets of 1450 bytes and more are lost and those of up to 162 pass, with none of a size between tried; no node of the path has an MTU below 1450: look at the network between node-a and node-b",
  );
  t.equal(ask({ ...at, looks: [links("node-b", { eth0: UP })] }).cause?.code, "mtu-exceeded");
  t.equal(ask({ ...at, lose: 1 }).cause, null, "one packet may be chance");
  t.equal(ask({ ...at, largestPassedIpBytes: null }).cause, null, "nothing passed");
  t.equal(ask({ ...at, largestPassedIpBytes: 1450 }).cause, null, "as large ones passed");
  t.equal(ask({ ...at, ipBytes: 500 }).cause, null, "every network takes these");
  t.equal(ask({ ...at, lastSeen: VETH_A, firstMissing: TUNNEL_A }).cause, null, "not between nodes");
  const unknown = { ...FLOW, hops: FLOW.hops.map((hop) => ({ ...hop, mtuBytes: null })) };
  t.equal(
    ask({ ...at, flow: unknown }).cause?.summary,
    "packets of 1450 bytes and more are lost and those of up to 162 pass, with none of a size between tried; look at the network between node-a and node-b",
  );
});

t.test("a hole needs all other flows' lost packets to be large too", async (t) => {
  const at = { lastSeen: NIC_A, firstMissing: NIC_B, ipBytes: 1450, largestPassedIpBytes: 162 };
  const other = (smallestLostIpBytes: number | null, changes = {}) =>
    ask({ ...at, alike: [alike({ lastSeen: NIC_A, firstMissing: NIC_B, smallestLostIpBytes, ...changes })] })
      .cause?.code;
  t.equal(other(1000), "mtu-exceeded");
  t.equal(other(84), undefined, "small ones are lost as well");
  t.equal(other(null), undefined, "not known");
  t.equal(other(84, { direction: "reply" }), "mtu-exceeded", "another direction");
  t.equal(other(84, { lastSeen: VETH_A, firstMissing: VETH_B }), "mtu-exceeded", "another place");
});
