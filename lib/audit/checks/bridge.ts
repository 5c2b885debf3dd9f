import { bridgeOf, parseLinks } from "../../linux/links.js";
import { readBridgeRules } from "../../readings/bridge-rules.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import { endpointOf, type AuditedEnd } from "../path.js";

/** Where pods hang on a bridge: each on its port, the port open, and answers of one's own Service come back by it. */
export const bridge: Check = {
  name: "bridge",
  title: "Pods' ports are in their bridge, which passes on what it has to",
  check: (world) => [
    ...([world.path.from, world.path.to] as const).flatMap((end) => checkPort(world, end)),
    ...checkIsolation(world),
    ...checkBridgeNf(world),
  ],
};

/** The port of a pod on its node: of two pods of one node the first one's is the first. */
function portOf({ path, state }: AuditWorld, end: AuditedEnd) {
  const ports = path.hops.filter(({ node, role }) => node === end.node && role === "host-veth");
  const port = end === path.from ? ports[0] : ports.at(-1);
  const [reading] = port === undefined ? [] : state.readings(hostOf(port.node), "links");
  const link = parseLinks(reading?.text ?? "").find(({ name }) => name === port?.interface);
  // Where it was not read, or is not there, the check of links says so.
  return port === undefined || reading === undefined || link === undefined ? null : { port, reading, link };
}

/** The two pods' ports where both are of one bridge, which passes their packets on without the node's routing; null: they are not. */
function portsOfOneBridge(world: AuditWorld) {
  const [one, other] = [portOf(world, world.path.from), portOf(world, world.path.to)];
  if (one === null || other === null || one.port.node !== other.port.node || one.port === other.port)
    return null;
  const device = bridgeOf(one.link);
  if (device === null || device !== bridgeOf(other.link)) return null;
  return { device, node: one.port.node, reading: one.reading, ports: [one.link, other.link] };
}

function checkIsolation(world: AuditWorld): Said[] {
  const shared = portsOfOneBridge(world);
  if (shared === null || shared.ports.some(({ bridgePort }) => bridgePort?.isolated !== true)) return [];
  const { device, node, reading, ports } = shared;
  return [
    {
      ...{ severity: "fault", direction: null, place: { ...hostOf(node), device } },
      what: `${device} passes nothing between ${ports.map(({ name }) => name).join(" and ")}: both are isolated ports`,
      evidence: ports.map(({ name }) => evidenceOf(reading, `${name} isolated on`)),
      next: "Isolation is often meant (the CNI's `portIsolation`): ask who configured it; pods of other nodes are reached by routing",
    },
  ];
}

function checkPort(world: AuditWorld, end: AuditedEnd): Said[] {
  const found = portOf(world, end);
  if (found === null) return [];
  const { port, reading, link } = found;
  const at = hostOf(port.node);
  const onWay = world.path.hops.find(({ node, role }) => node === end.node && role === "bridge")?.interface;
  // Between pods of one node a bridge is no hop of its own.
  const device = onWay ?? bridgeOf(link);
  if (device === null) return [];
  const base = { direction: null, place: { ...at, device: port.interface } };
  const next = `Restart the pod, or put it back: \`ip link set ${port.interface} master ${device}\``;
  if (link.master !== device)
    return [
      {
        ...base,
        severity: "fault",
        what: `${port.interface} is no port of ${device}`,
        evidence: [evidenceOf(reading, `${port.interface} master ${link.master ?? "none"}`)],
        next,
      },
    ];
  const { bridgePort } = link;
  if (bridgePort !== null && bridgePort.state !== null && bridgePort.state !== "forwarding")
    return [
      {
        ...base,
        severity: "fault",
        what: `${device} does not forward by ${port.interface}`,
        evidence: [evidenceOf(reading, `${port.interface} state ${bridgePort.state}`)],
        next: `See why it is ${bridgePort.state}: STP, or its link`,
      },
    ];
  const isOwn = world.path.from.pod !== null && world.path.from.ip === endpointOf(world.path.to).ip;
  if (isOwn && bridgePort?.hairpin === false)
    return [
      {
        ...base,
        severity: "fault",
        what: `the pod cannot reach itself by its Service: ${port.interface} sends nothing back to where it came from`,
        evidence: [evidenceOf(reading, `${port.interface} hairpin off`)],
        next: `Switch hairpin on in the CNI (hairpinMode): \`bridge link set dev ${port.interface} hairpin on\``,
      },
    ];
  return [
    {
      ...base,
      severity: "fine",
      what: `${port.interface} is an open port of ${device}`,
      evidence: [evidenceOf(reading, `master ${device}`)],
      next: null,
    },
  ];
}

/** The answer of a pod on the same bridge comes back without the node's routing: only br_netfilter has it translated. */
function checkBridgeNf(world: AuditWorld): Said[] {
  const { from, to, hops } = world.path;
  // A pod that asks itself hangs on one port alone.
  const device = portsOfOneBridge(world)?.device ?? hops.find(({ role }) => role === "bridge")?.interface;
  const isTranslated = to.ip !== endpointOf(to).ip;
  if (device === undefined || from.node === null || from.node !== to.node || !isTranslated) return [];
  const at = hostOf(from.node);
  const rules = readBridgeRules(world.state, at, to.ip);
  if (rules === null || rules.asked) return [];
  return [
    {
      ...{ severity: "fault", direction: "reply", place: { ...at, device } },
      what: `answers of the Service's pod on ${device} come back untranslated: bridges do not ask iptables`,
      evidence: [evidenceOf(rules.reading, rules.said)],
      next: `Load it and switch it on: \`modprobe br_netfilter\`, \`sysctl -w ${rules.name}=1\``,
    },
  ];
}
