import { NODES, OPERATOR_ADDRESS, TUNNEL, deriveTunnelMac } from "../calico-vxlan/cluster.js";
import { STRAY_MAC } from "../calico-vxlan/links.js";
import { addTable, disableOffloads, insertRule } from "./commands.js";
import type { Fault, FaultStep } from "./types.js";

/** Faults on the sender's node and on the underlay. */

const [near, far] = NODES;
const between = ["-s", near.block, "-d", far.block];
const farMac = deriveTunnelMac(far.name);
const device = ["dev", TUNNEL.device];

const lostAfter = (role: "host-veth" | "tunnel"): Fault["signature"] => ({
  direction: "request",
  lastSeen: { node: near.name, role },
  firstMissing: { node: near.name, role: role === "host-veth" ? "tunnel" : "nic" },
  verdict: "lost",
  affects: "all",
});

export const LOST_ON_UNDERLAY: Fault["signature"] = {
  direction: "request",
  lastSeen: { node: near.name, role: "nic" },
  firstMissing: { node: far.name, role: "nic" },
  verdict: "lost",
  affects: "all",
};

/** The entry of the far tunnel MAC in node-a's FDB: where its packets go. */
function pointFdb(mac: string, address: string | null): FaultStep {
  const right = {
    argv: ["bridge", "fdb", "replace", mac, ...device, "dst", far.address, "self", "permanent"],
  };
  const remove = { argv: ["bridge", "fdb", "del", mac, ...device, "self"] };
  const wrong = {
    argv: ["bridge", "fdb", "add", mac, ...device, "dst", address ?? "", "self", "permanent"],
  };
  return {
    place: near.name as "node-a",
    probe: { argv: ["bridge", "fdb", "show", ...device] },
    isOn: (seen) => {
      const line = seen.stdout.split("\n").find((each) => each.startsWith(mac));
      return address === null ? line === undefined : line?.includes(`dst ${address} `) === true;
    },
    on: address === null ? [remove] : [remove, wrong],
    off: address === null ? [right] : [remove, right],
  };
}

/** Sends what is for the far node's tunnel to a MAC that the far node's tunnel does not have. */
function misleadNeighbour(): FaultStep {
  const to = (mac: string): { argv: string[] } => ({
    argv: ["ip", "neigh", "replace", far.tunnelIp, "lladdr", mac, ...device, "nud", "permanent"],
  });
  const fdb = (action: string): { argv: string[] } => ({
    argv: ["bridge", "fdb", action, STRAY_MAC, ...device, "dst", far.address, "self", "permanent"],
  });
  return {
    place: near.name as "node-a",
    probe: { argv: ["ip", "neigh", "show", far.tunnelIp, ...device] },
    isOn: (seen) => seen.stdout.includes(STRAY_MAC),
    // Without an FDB entry of its own the stray MAC's packets would not leave node-a at all.
    on: [fdb("replace"), to(STRAY_MAC)],
    off: [to(farMac), fdb("del")],
  };
}

/**
 * IP between the two nodes' ports is dropped in the bridge; ARP goes on, so that senders do keep sending, as
 * through a router whose next hop is gone. The operator's port is not touched.
 */
const CUT = [
  "  chain forward {",
  "    type filter hook forward priority 0; policy accept;",
  `    iifname "${near.name}" oifname "${far.name}" ether type ip drop`,
  `    iifname "${far.name}" oifname "${near.name}" ether type ip drop`,
  "  }",
].join("\n");

/** MTU of the bridge's ports under the MTU fault: 50 bytes of VXLAN leave 1,350 for the inner packet. */
const SMALL_MTU = "1400";

/** A bridge drops frames above its port's MTU without a word; the nodes' own MTUs still say 1500. */
function shrinkPort(port: string): FaultStep {
  const set = (mtu: string): { argv: string[] } => ({ argv: ["ip", "link", "set", port, "mtu", mtu] });
  return {
    place: "underlay",
    probe: { argv: ["ip", "-o", "link", "show", port] },
    isOn: (seen) => seen.stdout.includes(`mtu ${SMALL_MTU} `),
    on: [set(SMALL_MTU)],
    off: [set("1500")],
  };
}

/** Bridges let segmentation offload's giants through whatever their MTU; a wire would see segments. */
const SEGMENTATION = {
  "tx-udp_tnl-segmentation": "tx-udp_tnl-segmentation",
  "tx-udp_tnl-csum-segmentation": "tx-udp_tnl-csum-segmentation",
  tso: "tcp-segmentation-offload",
  gso: "generic-segmentation-offload",
};

export const NEAR_FAULTS: readonly Fault[] = [
  {
    name: "forward-drop-a",
    title: "FORWARD drop on node-a",
    signature: lostAfter("host-veth"),
    causeCode: "netfilter-drop",
    steps: [
      insertRule("node-a", "FORWARD", [
        ...between,
        ...["-m", "comment", "--comment", "site-hardening: no east-west traffic", "-j", "DROP"],
      ]),
    ],
  },
  {
    name: "fdb-missing",
    title: "FDB entry of node-b's tunnel deleted on node-a",
    signature: lostAfter("tunnel"),
    causeCode: "fdb-entry-missing",
    steps: [pointFdb(farMac, null)],
  },
  {
    name: "fdb-wrong-host",
    title: "FDB entry of node-b's tunnel points at a host that is no node",
    signature: LOST_ON_UNDERLAY,
    causeCode: "fdb-wrong-destination",
    steps: [pointFdb(farMac, OPERATOR_ADDRESS)],
  },
  {
    name: "wrong-neighbour-mac",
    title: "node-a's neighbour entry of node-b's tunnel has another MAC",
    signature: {
      direction: "request",
      lastSeen: { node: far.name, role: "tunnel" },
      firstMissing: { node: far.name, role: "host-veth" },
      verdict: "lost",
      affects: "all",
    },
    causeCode: "neighbour-mac-wrong",
    steps: [misleadNeighbour()],
  },
  {
    name: "underlay-cut",
    title: "The underlay carries no IP between the two nodes",
    signature: LOST_ON_UNDERLAY,
    causeCode: null,
    steps: [addTable("underlay", { family: "bridge", name: "underlay_cut", body: CUT })],
  },
  {
    name: "mtu-hole",
    title: "The underlay drops frames above 1400 bytes and does not say so",
    signature: { ...LOST_ON_UNDERLAY, affects: "large" },
    causeCode: null,
    steps: [
      ...[near.name, far.name].map(shrinkPort),
      ...(["node-a", "node-b"] as const).map((node) => disableOffloads(node, "eth0", SEGMENTATION)),
    ],
  },
];
