import { parseFdb } from "../../linux/fdb.js";
import { canonicalIp } from "../../linux/address.js";
import { parseLinks } from "../../linux/links.js";
import { parseNeighbours } from "../../linux/neighbours.js";
import { formatOfLink, isToldFarEnd } from "../../wire/registry.js";
import type { Reading } from "../../readings/reader.js";
import { evidenceOf, hostOf, notRead, type AuditWorld, type Check, type Said } from "../check.js";
import type { Leg } from "../legs.js";
import { addressAt } from "../path.js";
import { askedRoute } from "../routes.js";

const FLOOD_MAC = "00:00:00:00:00:00";

/** Next hop in the tunnel → its MAC → the node that lives behind it, each against what that node says of itself. */
export const tunnels: Check = {
  name: "tunnels",
  title: "The tunnels know the far node's MAC and address",
  check: (world) => world.legs.flatMap((leg) => checkLeg(world, leg)),
};

/** One direction's way through the tunnel. */
interface Way {
  readonly leg: Leg;
  readonly device: string;
  readonly gateway: string;
  readonly peer: string;
  readonly neighbours: Reading;
  readonly fdb: Reading;
}

function checkLeg(world: AuditWorld, leg: Leg): Said[] {
  const { node, target, outerOut } = leg;
  const tunnel = world.path.tunnels[node];
  if (outerOut === null || tunnel?.gateway == null || target.node === null || target.node === node) return [];
  const device = tunnel.interface;
  const at = hostOf(node);
  const to = addressAt(world.path, target, node);
  // Where no route leads into the tunnel, that is what is to be mended, and the next hop is not known.
  const way = askedRoute(world, at, { to, inDevice: leg.inDevice });
  if (way !== undefined && way.record.exitCode !== 0) return [];
  const neighbours = world.state.ofDevice(at, "neighbours", device);
  const fdb = world.state.ofDevice(at, "fdb", device);
  // Tunnels without MAC addresses (IPIP), and those told by their routes or programs, have neither.
  const [reading] = world.state.readings(at, "links");
  if (reading !== undefined && !isLearnt(reading, device)) return [];
  if (neighbours === undefined)
    return [notRead(world, at, "neighbours", `which MAC addresses ${device} knows`)];
  if (fdb === undefined) return [notRead(world, at, "fdb", `where ${device} sends frames`)];
  return judge(world, { leg, device, gateway: tunnel.gateway, peer: target.node, neighbours, fdb });
}

/** Its far ends stand in the FDB; those of others are told by routes or programs. */
function isLearnt({ text }: Reading, device: string): boolean {
  const link = parseLinks(text).find(({ name }) => name === device);
  if (link === undefined || isToldFarEnd(link)) return false;
  return formatOfLink(link.kind)?.farEnd.includes("fdb") === true;
}

function judge(world: AuditWorld, way: Way): Said[] {
  const { leg, device, gateway, peer, neighbours, fdb } = way;
  const base = { direction: leg.direction, place: { ...hostOf(leg.node), device } };
  const entry = parseNeighbours(neighbours.text).find(({ ip }) => ip === canonicalIp(gateway));
  const floods = parseFdb(fdb.text).some(({ mac, dst }) => mac === FLOOD_MAC && dst !== null);
  const again = `The CNI's agent on ${leg.node} writes it: see its log, and restart it`;
  if (entry?.mac == null) {
    if (floods) return [];
    const states = entry?.states.join(" ") ?? "no entry";
    return [
      {
        ...{
          ...base,
          severity: "fault",
          what: `the MAC of the next hop ${gateway} on ${device} is not known`,
        },
        ...{ evidence: [evidenceOf(neighbours, `${gateway}: ${states}`)], next: again },
      },
    ];
  }
  const { mac } = entry;
  const real = macOf(world, peer);
  const wrong: Said[] =
    real === null || real.mac === mac
      ? []
      : [
          {
            ...{ ...base, severity: "fault" },
            what: `the next hop ${gateway} on ${device} has the wrong MAC ${mac}: ${peer}'s ${real.device} has ${real.mac}`,
            evidence: [
              evidenceOf(neighbours, `${gateway} lladdr ${mac}`),
              evidenceOf(real.reading, `${peer}: ${real.device} ${real.mac}`),
            ],
            next: again,
          },
        ];
  const far = judgeFdb(world, way, mac);
  if (wrong.length > 0 || far.length > 0) return [...wrong, ...far];
  const line = `${gateway} lladdr ${mac}`;
  return [
    {
      ...base,
      severity: "fine",
      what: `${device} knows ${peer}'s MAC and where it lives`,
      evidence: [evidenceOf(neighbours, line)],
      next: null,
    },
  ];
}

function judgeFdb(world: AuditWorld, { leg, device, peer, fdb }: Way, mac: string): Said[] {
  const base = { direction: leg.direction, place: { ...hostOf(leg.node), device } };
  const far = world.path.underlay[peer]?.ip;
  const known = parseFdb(fdb.text).filter(({ dst }) => dst !== null);
  const own = known.filter((entry) => entry.mac === mac);
  const again = `The CNI's agent on ${leg.node} writes it: see its log, and restart it`;
  if (own.length === 0) {
    if (known.some((entry) => entry.mac === FLOOD_MAC)) return [];
    const evidence = [evidenceOf(fdb, `no entry for ${mac}`)];
    return [
      {
        ...base,
        severity: "fault",
        what: `${device} does not know which node ${mac} lives on`,
        evidence,
        next: again,
      },
    ];
  }
  if (far === undefined || own.some(({ dst }) => dst === canonicalIp(far))) return [];
  const to = own.map(({ dst }) => dst).join(", ");
  return [
    {
      ...{ ...base, severity: "fault", what: `${device} sends what is for ${peer} (${far}) to ${to}` },
      ...{ evidence: [evidenceOf(fdb, `${mac} dst ${to}`)], next: again },
    },
  ];
}

function macOf(
  { path, state }: AuditWorld,
  peer: string,
): { device: string; mac: string; reading: Reading } | null {
  const device = path.tunnels[peer]?.interface;
  const [reading] = state.readings(hostOf(peer), "links");
  const mac = parseLinks(reading?.text ?? "").find(({ name }) => name === device)?.mac ?? null;
  return reading === undefined || device === undefined || mac === null ? null : { device, mac, reading };
}
