import t from "tap";
import { parseBridgePorts, parseBridgeVlans } from "../../lib/linux/bridge-ports.js";

t.test("bridge -d -j link show", async (t) => {
  const ports = parseBridgePorts(
    JSON.stringify([
      {
        ifname: "veth1",
        master: "br0",
        state: "forwarding",
        hairpin: true,
        learning: false,
        neigh_suppress: "on",
      },
      { ifname: "veth2", state: "disabled", hairpin: "off", isolated: 0 },
      { ifname: "../x" },
    ]),
  );
  t.match(ports, [
    { name: "veth1", hairpin: true, learning: false, flood: true, suppressesNeighbours: true },
    { name: "veth2", state: "disabled", hairpin: false, learning: true, isolated: false },
  ]);
  t.equal(ports.length, 2);
});

t.test("bridge -j vlan show, as iproute2 printed it before 5.6 and since", async (t) => {
  const vlans = [{ vlan: 10, flags: ["PVID", "Egress Untagged"] }, { vlan: 20, vlanEnd: 25 }, {}];
  const wanted = [
    {
      name: "veth1",
      vlans: [
        { first: 10, last: 10, isPvid: true, isUntagged: true },
        { first: 20, last: 25, isPvid: false, isUntagged: false },
      ],
    },
  ];
  t.strictSame(parseBridgeVlans(JSON.stringify([{ ifname: "veth1", vlans }, {}])), wanted);
  t.strictSame(parseBridgeVlans(JSON.stringify({ veth1: vlans, "-x": vlans })), wanted);
  t.strictSame(parseBridgeVlans(""), []);
});
