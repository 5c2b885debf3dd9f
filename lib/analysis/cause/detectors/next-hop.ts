import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { parseLinks } from "../../../linux/links.js";
import { parseNeighbours } from "../../../linux/neighbours.js";
import { NEIGHBOUR_CAUSES } from "./neighbour-causes.js";

/** The far node itself is the next hop, and the sender's NIC knows it by a MAC that is not its own: it gets what it drops. */
export const nextHop: Detector = {
  causes: NEIGHBOUR_CAUSES,
  detect: detectNextHop,
};

function detectNextHop({ input, spot, state }: DetectorInput): readonly Candidate[] {
  const { sender, receiver, target } = spot;
  const { lastSeen } = input;
  if (sender === null || receiver === null || lastSeen?.role !== "nic" || lastSeen.node !== receiver)
    return [];
  const { underlay } = input.flow;
  const device = underlay[sender]?.interface;
  if (device === undefined) return [];
  const links = parseLinks(state.readings({ node: receiver, pod: null }, "links")[0]?.text ?? "");
  const real = links.find((link) => link.name === lastSeen.interface)?.mac ?? null;
  if (real === null) return [];
  const hops = [underlay[receiver]?.ip, target.addresses.at(-1)?.ip ?? target.ip];
  const reading = state.ofDevice({ node: sender, pod: null }, "neighbours", device);
  const wrong = parseNeighbours(reading?.text ?? "").find(
    ({ ip, mac }) => hops.includes(ip) && mac !== null && links.every((link) => link.mac !== mac),
  );
  if (wrong === undefined) return [];
  const where = `${sender}: neighbour ${wrong.ip} on ${device}`;
  return [
    {
      code: "neighbour-mac-wrong",
      summary: `${sender}: the next hop ${wrong.ip} on ${device} has the wrong MAC ${String(wrong.mac)}`,
      evidence: [`${where} is ${String(wrong.mac)}`, `${receiver}: ${lastSeen.interface} has MAC ${real}`],
      strength: 2,
    },
  ];
}
