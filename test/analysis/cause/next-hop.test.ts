import t from "tap";
import { ask, FLOW, type Look, NIC_A, NIC_B, TUNNEL_B } from "./kit.js";

const MAC = "52:00:00:00:00:0b";
const OTHER = "02:00:00:00:00:ff";
const FAR_IP = FLOW.underlay["node-b"]?.ip;
const ARRIVED = { lastSeen: NIC_B, firstMissing: TUNNEL_B };

const neighbour = (mac: string | null, dst = FAR_IP): Look => ({
  at: "node-a",
  kind: "neighbours",
  argv: ["ip", "-j", "neigh", "show", "dev", "eth0"],
  text: JSON.stringify([{ dst, ...(mac === null ? {} : { lladdr: mac }), state: ["PERMANENT"] }]),
});
const far: Look = {
  at: "node-b",
  kind: "links",
  text: JSON.stringify([
    { ifname: "eth0", address: MAC, flags: ["UP"] },
    { ifname: "eth1", address: "52:00:00:00:00:1b", flags: ["UP"] },
  ]),
};

t.test("the far node's MAC is not the one that the sender's NIC sends to", async (t) => {
  const { cause } = ask({ ...ARRIVED, looks: [neighbour(OTHER), far] });
  t.equal(cause?.code, "neighbour-mac-wrong");
  t.match(cause?.summary, `node-a: the next hop ${String(FAR_IP)} on eth0 has the wrong MAC ${OTHER}`);
  t.match(cause?.evidence, [/is 02:00:00:00:00:ff/, /node-b: eth0 has MAC 52:00:00:00:00:0b/]);
  for (const [looks, why] of [
    [[neighbour(MAC), far], "its own"],
    [[neighbour("52:00:00:00:00:1b"), far], "of its other NIC"],
    [[neighbour(null), far], "none"],
    [[neighbour(OTHER, "10.77.0.99"), far], "of another host"],
    [[neighbour(OTHER)], "the far node's links were not read"],
    [[far], "the sender's neighbours were not read"],
  ] as const)
    t.equal(ask({ ...ARRIVED, looks }).cause, null, why);
  t.equal(
    ask({ lastSeen: NIC_A, firstMissing: NIC_B, looks: [neighbour(OTHER), far] }).cause,
    null,
    "what did not arrive was not dropped there",
  );
});

t.test(
  "without the far node's address the target's own is looked for; without the sender's NIC, none",
  async (t) => {
    const { "node-a": near, "node-b": receiver } = FLOW.underlay;
    const to = { ...FLOW.to, addresses: [] };
    const looks = [neighbour(OTHER, FLOW.to.ip), far];
    const routed = { ...FLOW, to, underlay: { "node-a": near! } };
    t.match(ask({ ...ARRIVED, flow: routed, looks }).cause, {
      code: "neighbour-mac-wrong",
      summary: `node-a: the next hop ${FLOW.to.ip} on eth0 has the wrong MAC ${OTHER}`,
    });
    t.equal(
      ask({
        ...ARRIVED,
        flow: { ...FLOW, underlay: { "node-b": receiver! } },
        looks: [neighbour(OTHER), far],
      }).cause,
      null,
    );
  },
);
