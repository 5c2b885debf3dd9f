import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { NEIGHBOUR_CAUSES } from "./neighbour-causes.js";
import { weighGrowth } from "../growth.js";
import { ipVersion } from "../../../linux/address.js";
import { parseLinks } from "../../../linux/links.js";
import { parseNeighbours, unresolvedState } from "../../../linux/neighbours.js";
import { parseRouteAnswer } from "../../../linux/routes.js";
import { parseSockets } from "../../../linux/sockets.js";
import { orderHops } from "../spot.js";
import { describeNetns } from "../../../readings/reader.js";

/** The far pod itself refused, and shows no listener on the port. */
export const noListener: Detector = {
  causes: { "no-listener": { title: "Nothing listens on the port in the far pod", reasons: ["NO_SOCKET"] } },
  detect: detectNoListener,
};

function detectNoListener({ input, spot, state }: DetectorInput): readonly Candidate[] {
  const at = spot.netns;
  const { protocol } = input.flow;
  const all = [spot.target.port, ...spot.target.addresses.map((address) => address.port)];
  const ports = [...new Set(all.filter((port) => port !== null))];
  if (input.status !== "rejected" || spot.kind !== "pod-in" || at === null || protocol === "icmp") return [];
  if (spot.target.isolation !== undefined) return [];
  // A client that takes no answer resets too: then somebody listens.
  const refuser = input.rejectedBy?.ip;
  if ([spot.target, ...spot.target.addresses].every(({ ip }) => ip !== refuser)) return [];
  const sockets = state.readings(at, "sockets")[0];
  if (sockets === undefined || ports.length === 0) return [];
  const open = parseSockets(sockets.text).filter(
    (socket) => socket.protocol === protocol && ports.includes(socket.port),
  );
  if (open.some((socket) => !/^(127\.|\[::1\])/.test(socket.address))) return [];
  const port = `${protocol} port ${ports.join(" or ")}`;
  const how =
    open.length > 0
      ? `only ${open.map((socket) => socket.address).join(", ")} listens on ${port}`
      : `nothing listens on ${port}`;
  return [
    {
      code: "no-listener",
      summary: `${describeNetns(at)}: ${how}`,
      evidence: [`${describeNetns(at)}: ss -lntu: ${how}`],
      strength: 2,
    },
  ];
}

/** TCP counts both families in one; the others have counters of their own for IPv6 (/proc/net/snmp6). */
const CHECKSUM_COUNTERS = {
  4: { udp: "UdpInCsumErrors", tcp: "TcpInCsumErrors", icmp: "IcmpInCsumErrors" },
  6: { udp: "Udp6InCsumErrors", tcp: "TcpInCsumErrors", icmp: "Icmp6InCsumErrors" },
} as const;

/** The receiver counted wrong checksums of the flow's protocol, as many as got no answer. */
export const checksum: Detector = {
  causes: {
    "checksum-error": {
      title: "The receiver threw the packets away for a wrong checksum",
      reasons: ["UDP_CSUM", "TCP_CSUM", "SKB_CSUM", "ICMP_CSUM"],
    },
  },
  detect: detectChecksum,
};

function detectChecksum(given: DetectorInput): readonly Candidate[] {
  const { input, spot, state } = given;
  const at = spot.netns;
  const { protocol } = input.flow;
  if (at === null || spot.kind !== "pod-in" || input.status !== "unanswered") return [];
  const counter = CHECKSUM_COUNTERS[ipVersion(spot.target.ip)][protocol];
  const weight = weighGrowth(state.growth(at, counter) ?? 0, given, {
    code: "checksum-error",
    counts: (other) => other.input.flow.protocol === protocol,
    isOwn: true,
  });
  if (weight === null) return [];
  const counted = `${describeNetns(at)}: ${counter} ${weight.text}`;
  const summary =
    weight.strength === 0 ? counted : `${describeNetns(at)}: the packets arrive with a wrong checksum`;
  return [{ code: "checksum-error", summary, evidence: [counted], strength: weight.strength }];
}

/** The far node's neighbour entry for the pod against the pod's own MAC, and a pod that was never resolved. */
export const podNeighbour: Detector = {
  causes: NEIGHBOUR_CAUSES,
  detect: detectPodNeighbour,
};

function detectPodNeighbour({ input, spot, state }: DetectorInput): readonly Candidate[] {
  const far = spot.receiver;
  const devices = orderHops(input).filter((hop) => hop.node === far);
  // A bridge has the neighbours of its ports.
  const veth = (
    devices.findLast(({ role }) => role === "bridge") ?? devices.findLast(({ role }) => role === "host-veth")
  )?.interface;
  if (far === null || veth === undefined) return [];
  const reading = state.ofDevice({ node: far, pod: null }, "neighbours", veth);
  const entry = parseNeighbours(reading?.text ?? "").find((neighbour) => neighbour.ip === podIp(spot.target));
  if (entry === undefined) return [];
  const where = `${far}: neighbour ${entry.ip} on ${veth}`;
  if (entry.mac === null) {
    const arriving = spot.kind === "forward" && spot.outDevice === veth;
    if (!arriving || unresolvedState(entry) === undefined) return [];
    const evidence = [`${where} is ${entry.states.join(", ")}`];
    return [{ code: "neighbour-missing", summary: `${where} does not answer`, evidence, strength: 2 }];
  }
  const device = devices.findLast(({ role }) => role === "pod")?.interface;
  const links = state.readings({ node: far, pod: spot.target.pod }, "links")[0];
  const real = parseLinks(links?.text ?? "").find((link) => link.name === device)?.mac ?? null;
  if (spot.kind !== "pod-in" || real === null || real === entry.mac) return [];
  const evidence = [`${where} is ${entry.mac}`, `${far}: the pod's ${String(device)} has MAC ${real}`];
  return [
    {
      code: "neighbour-mac-wrong",
      summary: `${where} has the wrong MAC ${entry.mac}`,
      evidence,
      strength: 3,
    },
  ];
}

/** The pod's own network does not know who has the address that its packets go to next. */
export const ownNeighbour: Detector = {
  causes: {
    "neighbour-silent": {
      title: "Nobody answers a pod that asks who has the next address on its way",
      reasons: ["NEIGH_FAILED", "NEIGH_QUEUEFULL"],
      locations: ["arp_error_report"],
    },
  },
  detect: detectOwnNeighbour,
};

function detectOwnNeighbour({ input, spot, state }: DetectorInput): readonly Candidate[] {
  const at = spot.netns;
  const isAnswering = spot.kind === "pod-in" && input.status === "unanswered";
  if (at?.pod == null || (spot.kind !== "pod-out" && !isAnswering)) return [];
  const other = isAnswering ? spot.source : spot.target;
  const ips = [other.ip, ...other.addresses.map(({ ip }) => ip)];
  const gateways = state
    .readings(at, "route-get")
    .filter(({ record }) => ips.some((ip) => record.argv.includes(ip)))
    .flatMap(({ text }) => parseRouteAnswer(text)?.gateway ?? []);
  const unknown = state
    .readings(at, "neighbours")
    .flatMap(({ text, record }) =>
      parseNeighbours(text).map((entry) => ({ ...entry, device: record.argv.at(-1) })),
    )
    .find(
      (entry) =>
        entry.mac === null &&
        unresolvedState(entry) !== undefined &&
        [...gateways, ...ips].includes(entry.ip),
    );
  if (unknown === undefined) return [];
  const where = `${describeNetns(at)}: neighbour ${unknown.ip} on ${String(unknown.device)}`;
  const evidence = [`${where} is ${unknown.states.join(", ")}`];
  // What a rule of the pod takes never comes to ask: its counter goes before this.
  return [{ code: "neighbour-silent", summary: `${where} does not answer`, evidence, strength: 1 }];
}

function podIp(end: DetectorInput["spot"]["target"]): string {
  return end.addresses.at(-1)?.ip ?? end.ip;
}
