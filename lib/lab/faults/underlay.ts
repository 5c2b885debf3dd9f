import { namePort } from "../cluster/links.js";
import type { NodeSpec } from "../cluster/types.js";
import { addTable, disableOffloads } from "./commands.js";
import type { Fault, FaultStep } from "./types.js";
import { lostAfter, nodePlace, type FaultWorld } from "./world.js";

/** Faults between the nodes. */

/**
 * IP between the two nodes' ports is dropped in the bridge; ARP goes on, so that senders do keep sending, as
 * through a router whose next hop is gone. The operator's port is not touched.
 */
function cut({ near, far, words: { nft } }: FaultWorld): string {
  return [
    "  chain forward {",
    "    type filter hook forward priority 0; policy accept;",
    `    iifname "${near.name}*" oifname "${far.name}*" ether type ${nft} drop`,
    `    iifname "${far.name}*" oifname "${near.name}*" ether type ${nft} drop`,
    "  }",
  ].join("\n");
}

/** A node's NIC loses its carrier: the bridge's end of the link goes down, the node's own settings stay. */
function unplug(port: string): FaultStep {
  return {
    place: "underlay",
    probe: { argv: ["ip", "-o", "link", "show", port] },
    isOn: (seen) => !/<[^>]*\bUP\b[^>]*>/.test(seen.stdout),
    on: [{ argv: ["ip", "link", "set", port, "down"] }],
    off: [{ argv: ["ip", "link", "set", port, "up"] }],
  };
}

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

export function listUnderlayFaults(world: FaultWorld): Fault[] {
  const { near, far, isOneNode } = world;
  if (isOneNode) return [];
  const { nics } = world.topology.carriage;
  const portsOf = (node: NodeSpec): string[] => nics.map((nic) => namePort(node.name, nic));
  const between = lostAfter(world, "request", { node: near, role: "nic" });
  return [
    {
      name: "underlay-cut",
      title: "The underlay carries no IP between the two nodes",
      signature: between,
      causeCode: null,
      steps: [addTable("underlay", { family: "bridge", name: "underlay_cut", body: cut(world) })],
    },
    {
      name: "nic-down-b",
      title: `${far.name}'s NIC has no carrier`,
      signature: between,
      causeCode: "link-down",
      steps: portsOf(far).map(unplug),
    },
    {
      name: "mtu-hole",
      title: "The underlay drops frames above 1400 bytes and does not say so",
      signature: { ...between, affects: "large" },
      causeCode: null,
      steps: [
        ...[near, far].flatMap(portsOf).map(shrinkPort),
        ...[near, far].flatMap((node) =>
          nics.map((nic) => disableOffloads(nodePlace(node), nic, SEGMENTATION)),
        ),
      ],
    },
  ];
}
