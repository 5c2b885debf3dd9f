import t from "tap";
import { readKind, type LinkKind } from "../../lib/linux/link-kinds.js";

const read = (kind: string, data: Record<string, unknown> = {}): LinkKind => readKind({ kind, data });

t.test("tunnels over UDP", async (t) => {
  const data = {
    id: 4096,
    port: 4789,
    local: "10.0.0.1",
    group6: "ff05::100",
    link: "eth0",
    learning: false,
  };
  t.strictSame(read("vxlan", data), {
    ...{ kind: "vxlan", network: 4096, port: 4789, local: "10.0.0.1", remote: null, group: "ff05::100" },
    ...{ device: "eth0", external: false, learning: false },
  });
  t.match(read("vxlan", { id: -1, port: 0 }), { network: null, port: null });
  t.match(read("vxlan", { id: 2 ** 24, port: "8472" }), { network: null, port: 8472 });
  t.match(read("vxlan", { id: 0, external: null }), { network: null, external: true });
  t.match(read("geneve", { id: 7, remote6: "FD00::1", port: 6081 }), { network: 7, remote: "fd00::1" });
  t.match(read("geneve", { external: true, port: 6081 }), { network: null, external: true, port: 6081 });
});

t.test("tunnels over IP", async (t) => {
  t.strictSame(read("ipip", { proto: "ipip", remote: "any", local: "10.0.0.1", ttl: 0, pmtudisc: true }), {
    ...{ kind: "ipip", local: "10.0.0.1", remote: null, device: null, external: false },
    ...{ inputKey: null, outputKey: null },
  });
  t.match(read("sit", { remote: "0.0.0.0" }), { kind: "sit", remote: null });
  t.match(read("ip6tnl", { remote: "::", local: "fd00::2" }), { remote: null, local: "fd00::2" });
  t.match(read("gre", { remote: "10.0.0.9", ikey: "0.0.0.5", okey: 5 }), {
    ...{ remote: "10.0.0.9", inputKey: "0.0.0.5", outputKey: "5" },
  });
  t.match(read("gretap", { external: true }), { external: true });
});

t.test("devices that are plumbing", async (t) => {
  const cases: readonly [string, Record<string, unknown>, object][] = [
    ["veth", {}, { kind: "veth" }],
    ["wireguard", {}, { kind: "wireguard" }],
    ["bridge", { vlan_filtering: 1, stp_state: 0 }, { vlanFiltering: true, stp: false }],
    ["bridge", {}, { vlanFiltering: false, stp: false }],
    ["vlan", { protocol: "802.1Q", id: 100, flags: ["REORDER_HDR"] }, { id: 100, protocol: "802.1Q" }],
    ["bond", { mode: "active-backup", active_slave: "eth1" }, { mode: "active-backup", activeSlave: "eth1" }],
    ["vrf", { table: 100 }, { table: 100 }],
    ["macvtap", { mode: "private" }, { mode: "private" }],
    ["ipvlan", { mode: "l2" }, { mode: "l2" }],
    ["ipvtap", { mode: "l3s" }, { mode: "l3s" }],
    ["macvlan", {}, { mode: null }],
    [
      "netkit",
      { mode: "l3", type: "primary", policy: "forward", "peer-policy": "blackhole" },
      { mode: "l3", isPrimary: true, policy: "forward", peerPolicy: "blackhole" },
    ],
    ["tun", { type: "tun", persist: true }, { type: "tun" }],
    ["dummy", {}, { kind: "dummy" }],
    ["constructor", {}, { kind: "other" }],
    ["nlmon", {}, { kind: "other" }],
  ];
  for (const [kind, data, wanted] of cases) t.match(read(kind, data), wanted, kind);
  t.strictSame(readKind({ kind: null, data: {} }), { kind: "other" });
});
