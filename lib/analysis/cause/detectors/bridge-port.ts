import { bridgeOf, parseLinks, type Link } from "../../../linux/links.js";
import { readBridgeRules } from "../../../readings/bridge-rules.js";
import { describeNetns, type Netns } from "../../../readings/reader.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { orderHops } from "../spot.js";

/** The bridge between pods passes nothing by one of their ports, or nothing from one to the other. */
export const bridgePort: Detector = {
  causes: {
    "bridge-port-closed": {
      title: "A bridge passes nothing by the port of a pod",
      locations: ["br_handle_frame", "br_handle_frame_finish", "br_flood", "br_forward"],
    },
    "bridge-ports-isolated": {
      title: "A bridge passes nothing from one isolated port to another",
      locations: ["br_handle_frame_finish", "br_flood", "br_forward"],
    },
  },
  detect: detectBridgePort,
};

function detectBridgePort(given: DetectorInput): readonly Candidate[] {
  const { spot, state, input } = given;
  const node = (input.lastSeen ?? input.firstMissing)?.node;
  if (node === undefined || (spot.kind !== "forward" && spot.kind !== "pod-out")) return [];
  const at: Netns = { node, pod: null };
  const links = parseLinks(state.readings(at, "links")[0]?.text ?? "");
  const ports = portsAt(given, links);
  const where = describeNetns(at);
  const told = (port: Link, what: string): string =>
    `${where}: ip -d link show ${port.name}: master ${String(port.master)}, ${what}`;
  const closed = ports.filter(({ bridgePort: as }) => as?.state != null && as.state !== "forwarding");
  const [one, other] = ports;
  if (closed.length > 0)
    return closed.slice(0, 1).map((port) => ({
      code: "bridge-port-closed",
      summary: `${where}: ${String(port.master)} passes nothing by its port ${port.name}, which is ${String(port.bridgePort!.state)}`,
      evidence: [told(port, `state ${String(port.bridgePort!.state)}`)],
      strength: 3,
    }));
  if (one === undefined || other === undefined || one.master !== other.master) return [];
  if (one.bridgePort?.isolated !== true || other.bridgePort?.isolated !== true) return [];
  return [
    {
      code: "bridge-ports-isolated",
      summary: `${where}: ${one.name} and ${other.name} are isolated ports of ${String(one.master)}, which passes nothing between them`,
      evidence: [told(one, "isolated on"), told(other, "isolated on")],
      strength: 3,
    },
  ];
}

/** The client refuses answers of a Service's pod on its own bridge: they come back from the pod's own address. */
export const bridgeRules: Detector = {
  causes: {
    "bridge-untranslated": {
      title: "Answers pass a bridge that does not ask the node's rules, and keep the pod's own address",
    },
  },
  detect: detectUntranslated,
};

function detectUntranslated({ input, state }: DetectorInput): readonly Candidate[] {
  const { from, to, hops } = input.flow;
  const isRefused = input.status === "rejected" && input.rejectedBy?.ip === from.ip;
  if (!isRefused || from.node === null || from.node !== to.node || to.addresses.length < 2) return [];
  const at: Netns = { node: from.node, pod: null };
  const ports = hops.filter(({ role }) => role === "host-veth").map((hop) => hop.interface);
  const links = parseLinks(state.readings(at, "links")[0]?.text ?? "");
  const bridges = new Set(ports.map((port) => bridgeOf(links.find(({ name }) => name === port))));
  const [bridge] = bridges;
  const rules = readBridgeRules(state, at, to.ip);
  if (rules === null || rules.asked || bridges.size !== 1 || bridge == null) return [];
  const where = describeNetns(at);
  return [
    {
      code: "bridge-untranslated",
      summary: `${where}: answers of the Service's pod on ${bridge} come back untranslated: bridges do not ask the node's rules`,
      evidence: [`${where}: ${rules.said}`],
      strength: 3,
    },
  ];
}

/** Ports of pods around the break, in the packets' order: a bridge that missed them may have been asked for the one behind it in vain. */
function portsAt({ input }: DetectorInput, links: readonly Link[]): readonly Link[] {
  const hops = orderHops(input);
  const indexOf = (id: string | undefined): number => hops.findIndex((hop) => hop.id === id);
  const [last, first] = [indexOf(input.lastSeen?.id), indexOf(input.firstMissing?.id)];
  const around = hops.slice(Math.max(0, last), Math.max(last, first) + AROUND);
  const near = around.filter(
    ({ node, role }) => role === "host-veth" && node === hops[Math.max(0, last)]?.node,
  );
  return near.flatMap(
    ({ interface: name }) => links.find((link) => link.name === name && bridgeOf(link) !== null) ?? [],
  );
}

/** Behind a pod's device its own port, the bridge and the other pod's port; behind a bridge the port. */
const AROUND = 4;
