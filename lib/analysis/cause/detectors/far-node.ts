import { ipVersion } from "../../../linux/address.js";
import { parseNeighbours, unresolvedState } from "../../../linux/neighbours.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";

/** The near node asks for the far one's MAC and is not answered: the far one is down, or off the network. */
export const farNode: Detector = {
  causes: {
    "far-node-silent": {
      title: "The far node does not answer ARP, or neighbour discovery",
      reasons: ["NEIGH_FAILED", "NEIGH_QUEUEFULL"],
      locations: ["arp_error_report"],
    },
  },
  detect: detectFarNode,
};

function detectFarNode({ input, spot, state }: DetectorInput): readonly Candidate[] {
  const { flow, lastSeen } = input;
  const device = flow.underlay[lastSeen?.node ?? ""]?.interface;
  const isLeaving = spot.kind === "wire" || spot.outDevice === device;
  if (lastSeen === null || device === undefined || !isLeaving) return [];
  const { node } = lastSeen;
  const dark = flow.unentered?.find((one) => one.node !== node && one.address !== null);
  const far = spot.receiver ?? dark?.node ?? null;
  const address = flow.underlay[far ?? ""]?.ip ?? flow.tunnels[node]?.remoteVtep ?? dark?.address ?? null;
  const neighbours = state.ofDevice({ node, pod: null }, "neighbours", device);
  if (address === null || neighbours === undefined) return [];
  const entry = parseNeighbours(neighbours.text).find(({ ip }) => ip === address);
  const failed = entry && unresolvedState(entry);
  if (failed === undefined) return [];
  const asked = ipVersion(address) === 6 ? "neighbour solicitation" : "ARP";
  const name = far === null || far === node ? address : `${far} (${address})`;
  return [
    {
      code: "far-node-silent",
      summary: `${node}: ${name} answers no ${asked} on ${device}`,
      evidence: [
        `${node}: ip neigh show dev ${device} has ${address} ${failed}`,
        ...(dark === undefined ? [] : [`${dark.node} could not be entered: ${dark.why}`]),
      ],
      strength: 2,
    },
  ];
}
