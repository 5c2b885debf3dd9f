import type { Tunnel } from "../carriage/types.js";
import { STRAY_MAC, deriveNodeMac, deriveTunnelMac } from "../cluster/ids.js";
import { insertRule } from "./commands.js";
import type { Fault, FaultStep } from "./types.js";
import { lostAfter, nodePlace, type FaultWorld } from "./world.js";

/** Faults on the sender's node. */

/** The entry of the far tunnel MAC in the near node's FDB: where its packets go. */
function pointFdb({ near, far }: FaultWorld, { device }: Tunnel, address: string | null): FaultStep {
  const mac = deriveTunnelMac(far);
  const entry = (action: string, dst: string): { argv: string[] } => ({
    argv: ["bridge", "fdb", action, mac, "dev", device, "dst", dst, "self", "permanent"],
  });
  const remove = { argv: ["bridge", "fdb", "del", mac, "dev", device, "self"] };
  const right = entry("replace", far.address);
  return {
    place: nodePlace(near),
    probe: { argv: ["bridge", "fdb", "show", "dev", device] },
    isOn: (seen) => {
      const line = seen.stdout.split("\n").find((each) => each.startsWith(mac));
      return address === null ? line === undefined : line?.includes(`dst ${address} `) === true;
    },
    on: address === null ? [remove] : [remove, entry("add", address)],
    off: address === null ? [right] : [remove, right],
  };
}

/** A neighbour entry with a MAC that nobody has. */
function misleadNeighbour(
  { near }: FaultWorld,
  neighbour: { readonly ip: string; readonly mac: string; readonly device: string },
): FaultStep {
  const { ip, mac, device } = neighbour;
  const to = (lladdr: string): { argv: string[] } => ({
    argv: ["ip", "neigh", "replace", ip, "lladdr", lladdr, "dev", device, "nud", "permanent"],
  });
  return {
    place: nodePlace(near),
    probe: { argv: ["ip", "neigh", "show", ip, "dev", device] },
    isOn: (seen) => seen.stdout.includes(STRAY_MAC),
    on: [to(STRAY_MAC)],
    off: [to(mac)],
  };
}

/** Sends what is for the far node's tunnel to a MAC that the far node's tunnel does not have. */
function misleadTunnel(world: FaultWorld, { device }: Tunnel): FaultStep {
  const { far } = world;
  const step = misleadNeighbour(world, { ip: far.tunnelIp, mac: deriveTunnelMac(far), device });
  const fdb = (action: string): { argv: string[] } => ({
    argv: ["bridge", "fdb", action, STRAY_MAC, "dev", device, "dst", far.address, "self", "permanent"],
  });
  // Without an FDB entry of its own the stray MAC's packets would not leave the node at all.
  return { ...step, on: [fdb("replace"), ...step.on], off: [...step.off, fdb("del")] };
}

function listFdbFaults(world: FaultWorld, tunnel: Tunnel): Fault[] {
  const { near, far } = world;
  const title = (what: string): string => `FDB entry of ${far.name}'s tunnel ${what}`;
  return [
    {
      name: "fdb-missing",
      title: title(`deleted on ${near.name}`),
      signature: lostAfter(world, "request", { node: near, role: "tunnel" }),
      causeCode: "fdb-entry-missing",
      steps: [pointFdb(world, tunnel, null)],
    },
    {
      name: "fdb-wrong-host",
      title: title("points at a host that is no node"),
      signature: lostAfter(world, "request", { node: near, role: "nic" }),
      causeCode: "fdb-wrong-destination",
      steps: [pointFdb(world, tunnel, world.words.operator)],
    },
    {
      name: "wrong-neighbour-mac",
      title: `${near.name}'s neighbour entry of ${far.name}'s tunnel has another MAC`,
      signature: lostAfter(world, "request", { node: far, role: "tunnel" }),
      causeCode: "neighbour-mac-wrong",
      steps: [misleadTunnel(world, tunnel)],
    },
  ];
}

/** Where the other node itself is the next hop. */
function listNextHopFaults(world: FaultWorld): Fault[] {
  const { near, far } = world;
  const neighbour = { ip: far.address, mac: deriveNodeMac(far.name), device: "eth0" };
  return [
    {
      name: "wrong-next-hop-mac",
      title: `${near.name}'s neighbour entry of ${far.name} has another MAC`,
      signature: lostAfter(world, "request", { node: far, role: "nic" }),
      causeCode: "neighbour-mac-wrong",
      steps: [misleadNeighbour(world, neighbour)],
    },
  ];
}

/** The near node's route to the far one's pods. */
function blackhole({ near, far, topology, words: { ip } }: FaultWorld): FaultStep {
  const block = [...ip, "route", "replace"];
  const words = topology.carriage.routeTo(far);
  return {
    place: nodePlace(near),
    probe: { argv: [...ip, "route", "show", "exact", far.block] },
    isOn: (seen) => seen.stdout.startsWith("blackhole"),
    on: [{ argv: [...block, "blackhole", far.block] }],
    off: [
      words === null
        ? { argv: [...ip, "route", "del", "blackhole", far.block] }
        : { argv: [...block, far.block, ...words.split(" ")] },
    ],
  };
}

export function listNearFaults(world: FaultWorld): Fault[] {
  const { near, far, isOneNode, tunnel, door, topology, words } = world;
  const forwarding = lostAfter(world, "request", { node: near, role: door });
  const comment = ["-m", "comment", "--comment", "site-hardening: no east-west traffic", "-j", "DROP"];
  const drop: Fault = {
    name: "forward-drop-a",
    title: `FORWARD drop on ${near.name}`,
    signature: forwarding,
    causeCode: "netfilter-drop",
    steps: [
      insertRule(nodePlace(near), "FORWARD", {
        iptables: words.iptables,
        match: ["-s", near.block, "-d", far.block, ...comment],
      }),
    ],
  };
  if (isOneNode) return [drop];
  return [
    drop,
    {
      name: "route-blackhole-a",
      title: `${near.name} has a blackhole in the place of its route to ${far.name}'s pods`,
      signature: forwarding,
      causeCode: "route-blackhole",
      steps: [blackhole(world)],
    },
    ...(tunnel?.hasFdb === true ? listFdbFaults(world, tunnel) : []),
    ...(topology.carriage.routeTo(far)?.includes(far.address) === true && tunnel === null
      ? listNextHopFaults(world)
      : []),
  ];
}
