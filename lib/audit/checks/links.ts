import { parseLinks } from "../../linux/links.js";
import { evidenceOf, hostOf, notRead, type AuditWorld, type Check, type Said } from "../check.js";
import { endOfHop, type AuditedHop } from "../path.js";

/** Every device of the path is there and up. */
export const links: Check = {
  name: "links",
  title: "The devices of the path are there and up",
  check: (world) => {
    const hops = [...world.path.hops, ...(world.path.replyHops ?? [])];
    const nics = Object.entries(world.path.underlay)
      .filter(
        ([node]) => new Set(hops.map((hop) => hop.node)).size > 1 && hops.some((hop) => hop.node === node),
      )
      .map(([node, { interface: name }]) => ({
        node,
        role: "nic",
        interface: name,
        encapsulation: { kind: "none" } as const,
      }));
    return [...hops, ...nics].flatMap((hop) => checkHop(world, hop));
  },
};

function checkHop(world: AuditWorld, hop: AuditedHop): Said[] {
  const pod = hop.role === "pod" ? endOfHop(world.path, hop).pod : null;
  const at = { ...hostOf(hop.node), pod };
  const [reading] = world.state.readings(at, "links");
  if (reading === undefined) return [notRead(world, at, "links", "whether its devices are up")];
  const name = hop.interface;
  const link = parseLinks(reading.text).find((one) => one.name === name);
  const base = { direction: null, place: { ...at, device: name } };
  if (link === undefined)
    return [
      {
        ...{ ...base, severity: "fault", what: `there is no device ${name}` },
        evidence: [evidenceOf(reading, `no ${name} in it`)],
        next: "Restart the CNI's agent on that node: it makes its devices; a pod's own come with the pod",
      },
    ];
  if (link.up)
    return [
      {
        ...base,
        severity: "fine",
        what: `${name} is up`,
        evidence: [evidenceOf(reading, `${name}: up`)],
        next: null,
      },
    ];
  return [
    {
      ...{ ...base, severity: "fault", what: `${name} is down, or has no carrier` },
      evidence: [evidenceOf(reading, `${name}: not up`)],
      next: `See its flags there: \`ip link show ${name}\`; without carrier it is the cable, the switch port, or the other end of a veth`,
    },
  ];
}
