import { parseLinks } from "../../linux/links.js";
import { parseSysctl } from "../../linux/sysctls.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import { endpointOf, type AuditedEnd } from "../path.js";

/** Where pods hang on a bridge: each on its port, the port open, and answers of one's own Service come back by it. */
export const bridge: Check = {
  name: "bridge",
  title: "Pods' ports are in their bridge, which passes on what it has to",
  check: (world) => [
    ...([world.path.from, world.path.to] as const).flatMap((end) => checkPort(world, end)),
    ...checkBridgeNf(world),
  ],
};

function checkPort(world: AuditWorld, end: AuditedEnd): Said[] {
  const { hops } = world.path;
  const own = hops.filter(({ node }) => node === end.node);
  const ports = own.filter(({ role }) => role === "host-veth");
  const port = end === world.path.from ? ports[0] : ports.at(-1);
  const device = own.find(({ role }) => role === "bridge")?.interface;
  if (port === undefined || device === undefined) return [];
  const at = hostOf(port.node);
  const [reading] = world.state.readings(at, "links");
  const link = parseLinks(reading?.text ?? "").find(({ name }) => name === port.interface);
  // Where it was not read, or is not there, the check of links says so.
  if (reading === undefined || link === undefined) return [];
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
  const device = hops.find(({ role }) => role === "bridge")?.interface;
  const isTranslated = to.ip !== endpointOf(to).ip;
  if (device === undefined || from.node === null || from.node !== to.node || !isTranslated) return [];
  const at = hostOf(from.node);
  const key = "net/bridge/bridge-nf-call-iptables";
  const [reading] = world.state.readings(at, "sysctls");
  const value = parseSysctl(reading?.text ?? "").get(key);
  if (reading === undefined || value === "1") return [];
  return [
    {
      ...{ severity: "fault", direction: "reply", place: { ...at, device } },
      what: `answers of the Service's pod on ${device} come back untranslated: bridges do not ask iptables`,
      evidence: [
        evidenceOf(
          reading,
          value === undefined ? `${key} is not there: br_netfilter is not loaded` : `${key} = ${value}`,
        ),
      ],
      next: "Load it and switch it on: `modprobe br_netfilter`, `sysctl -w net.bridge.bridge-nf-call-iptables=1`",
    },
  ];
}
