import { wireOf } from "../../../wire/registry.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { parseFdb } from "../../../linux/fdb.js";
import { parseLinks } from "../../../linux/links.js";
import { parseNeighbours } from "../../../linux/neighbours.js";
import { parseSockets } from "../../../linux/sockets.js";
import { NEIGHBOUR_CAUSES } from "./neighbour-causes.js";

const FLOOD_MAC = "00:00:00:00:00:00";

/** A tunnel's way: from whom to whom, by which device, to which next hop and MAC. */
interface Way {
  readonly sender: string;
  readonly receiver: string;
  readonly device: string;
  readonly mac: string;
  readonly hop: string;
}

/** The sender's tunnel: next hop → MAC (neighbour) → far node (FDB), each against what the far node says. */
export const tunnelState: Detector = {
  causes: {
    ...NEIGHBOUR_CAUSES,
    "fdb-entry-missing": {
      title: "The tunnel does not know which node the next hop's MAC lives on",
      reasons: ["NO_TX_TARGET"],
    },
    "fdb-wrong-destination": {
      title: "The tunnel sends the packets to another host than the far node",
      reasons: ["NO_SOCKET"],
    },
  },
  detect: detectTunnelState,
};

function detectTunnelState(given: DetectorInput): readonly Candidate[] {
  const { input, spot, state } = given;
  const { sender, receiver } = spot;
  const tunnel = sender === null ? undefined : input.flow.tunnels[sender];
  if (sender === null || receiver === null || tunnel?.gateway == null) return [];
  const device = tunnel.interface;
  const neighbours = state.ofDevice({ node: sender, pod: null }, "neighbours", device);
  if (neighbours === undefined) return [];
  const mac = parseNeighbours(neighbours.text).find((entry) => entry.ip === tunnel.gateway)?.mac ?? null;
  const hop = `${tunnel.gateway} on ${device}`;
  if (mac !== null) {
    const way = { sender, receiver, device, mac, hop };
    const wrong = detectWrongMac(given, way);
    return wrong.length > 0 ? wrong : detectFdb(given, way);
  }
  const leavesHere = spot.kind === "forward" && spot.netns?.node === sender && spot.outDevice === device;
  const evidence = [`${sender}: ip neigh show dev ${device} has no MAC for ${tunnel.gateway}`];
  const summary = `${sender}: the MAC of the next hop ${hop} is not known`;
  return leavesHere ? [{ code: "neighbour-missing", summary, evidence, strength: 2 }] : [];
}

function detectWrongMac({ input, spot, state }: DetectorInput, way: Way): Candidate[] {
  const { sender, receiver, mac, hop } = way;
  const device = input.flow.tunnels[receiver]?.interface;
  const links = state.readings({ node: receiver, pod: null }, "links")[0];
  const real = parseLinks(links?.text ?? "").find((link) => link.name === device)?.mac ?? null;
  const arrived = spot.kind === "forward" && spot.inDevice === device && spot.netns?.node === receiver;
  if (real === null || real === mac || !(arrived || spot.kind === "encapsulate")) return [];
  return [
    {
      code: "neighbour-mac-wrong",
      summary: `${sender}: the next hop ${hop} has the wrong MAC ${mac}`,
      evidence: [`${sender}: neighbour ${hop} is ${mac}`, `${receiver}: ${String(device)} has MAC ${real}`],
      strength: 2,
    },
  ];
}

function detectFdb({ input, spot, state }: DetectorInput, way: Way): Candidate[] {
  const { sender, receiver, device, mac } = way;
  const far = input.flow.underlay[receiver]?.ip;
  const fdb = state.ofDevice({ node: sender, pod: null }, "fdb", device);
  if (fdb === undefined || far === undefined) return [];
  const known = parseFdb(fdb.text).filter((entry) => entry.dst !== null);
  const own = known.filter((entry) => entry.mac === mac);
  if (own.length === 0) {
    const floods = known.some((entry) => entry.mac === FLOOD_MAC);
    if (spot.kind !== "encapsulate" || floods) return [];
    const summary = `${sender}: ${device} does not know which node ${mac} lives on`;
    const evidence = [`${sender}: bridge fdb show dev ${device} has no entry for ${mac}`];
    return [{ code: "fdb-entry-missing", summary, evidence, strength: 2 }];
  }
  if (spot.kind !== "wire" || own.some((entry) => entry.dst === far)) return [];
  const to = own.map((entry) => entry.dst).join(", ");
  return [
    {
      code: "fdb-wrong-destination",
      summary: `${sender}: ${device} sends the packets to ${to}, not to ${receiver} (${far})`,
      evidence: [`${sender}: bridge fdb show dev ${device} has ${mac} at ${to}`, `${receiver} is ${far}`],
      strength: 2,
    },
  ];
}

/** The far node takes the tunnel's packets from its NIC only while a socket is open on the tunnel's port. */
export const tunnelSocket: Detector = {
  causes: {
    "tunnel-socket-missing": {
      title: "The far node does not listen on the tunnel's port",
      reasons: ["NO_SOCKET"],
    },
  },
  detect: detectTunnelSocket,
};

function detectTunnelSocket({ input, spot, state }: DetectorInput): readonly Candidate[] {
  const at = spot.netns;
  const wire = wireOf(input.lastSeen?.encapsulation);
  if (at === null || spot.kind !== "decapsulate" || wire?.format.farEndChecks.includes("socket") !== true)
    return [];
  const { port = 0 } = wire.worn;
  const sockets = state.readings(at, "sockets")[0];
  if (
    sockets === undefined ||
    parseSockets(sockets.text).some((s) => s.protocol === "udp" && s.port === port)
  )
    return [];
  const noPorts = state.growth(at, "UdpNoPorts");
  return [
    {
      code: "tunnel-socket-missing",
      summary: `${at.node}: nothing takes the tunnel's packets on UDP port ${port}`,
      evidence: [
        `${at.node}: ss shows no UDP socket on port ${port}`,
        ...(noPorts === null ? [] : [`${at.node}: UdpNoPorts grew by ${noPorts}`]),
      ],
      strength: 2,
    },
  ];
}
