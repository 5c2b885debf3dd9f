import { canonicalIp } from "../../linux/address.js";
import { parseLinks } from "../../linux/links.js";
import { parseNeighbours, unresolvedState } from "../../linux/neighbours.js";
import { parseRouteAnswer } from "../../linux/routes.js";
import type { Netns } from "../../readings/reader.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import type { Leg } from "../legs.js";
import { addressAt, isInPod } from "../path.js";
import { askedRoute } from "../routes.js";

/** What the nodes know of their next hops on the wire and of their pods; an entry that is not there is asked for when it is needed. */
export const neighbours: Check = {
  name: "neighbours",
  title: "The next hops' MAC addresses are right",
  check: (world) => world.legs.flatMap((leg) => [...checkInner(world, leg), ...checkOuter(world, leg)]),
};

interface NextHop {
  readonly leg: Leg;
  readonly device: string;
  readonly ip: string;
  /** Whose MAC it should be. */
  readonly owner: Netns;
}

function checkInner(world: AuditWorld, leg: Leg): Said[] {
  const { node, target, outDevice, inDevice } = leg;
  if (outDevice === null || outDevice === world.path.tunnels[node]?.interface || target.node === null)
    return [];
  const ip = addressAt(world.path, target, node);
  const answer = parseRouteAnswer(askedRoute(world, hostOf(node), { to: ip, inDevice })?.text ?? "");
  if (answer === null || answer.dev !== outDevice) return [];
  const owner =
    target.node === node && isInPod(world.path, target) ? { node, pod: target.pod } : hostOf(target.node);
  const next = answer.gateway ?? ip;
  const isFar = answer.gateway === null || answer.gateway === world.path.underlay[target.node]?.ip;
  return isFar ? judge(world, { leg, device: outDevice, ip: next, owner }) : [];
}

function checkOuter(world: AuditWorld, leg: Leg): Said[] {
  const { node, target, outerOut } = leg;
  const far = world.path.underlay[target.node ?? ""];
  if (outerOut === null || far === undefined || target.node === null) return [];
  const answer = parseRouteAnswer(
    askedRoute(world, hostOf(node), { to: far.ip, inDevice: null })?.text ?? "",
  );
  if (answer === null || answer.gateway !== null) return [];
  return judge(world, { leg, device: answer.dev, ip: far.ip, owner: hostOf(target.node) });
}

function judge(world: AuditWorld, { leg, device, ip, owner }: NextHop): Said[] {
  const at = hostOf(leg.node);
  const reading = world.state.ofDevice(at, "neighbours", device);
  const entry = parseNeighbours(reading?.text ?? "").find(
    (one) => one.ip === canonicalIp(ip) && !one.isProxy,
  );
  if (reading === undefined || entry === undefined) return [];
  const base = { direction: leg.direction, place: { ...at, device } };
  const states = entry.states.join(" ");
  if (entry.mac === null)
    return unresolvedState(entry) !== undefined
      ? [
          {
            ...{ ...base, severity: "fault", what: `nobody answers for ${ip} on ${device}` },
            evidence: [evidenceOf(reading, `${ip} ${states}`)],
            next: `Ask again, and see who answers: \`arping -I ${device} ${ip}\`; look at the links on both sides`,
          },
        ]
      : [];
  const [links] = world.state.readings(owner, "links");
  const macs = parseLinks(links?.text ?? "").flatMap(({ mac }) => mac ?? []);
  if (links === undefined || macs.length === 0) return [];
  const evidence = [evidenceOf(reading, `${ip} lladdr ${entry.mac} ${states}`)];
  if (macs.includes(entry.mac))
    return [{ ...base, severity: "fine", what: `the MAC of ${ip} is right`, evidence, next: null }];
  return [
    {
      ...{
        ...base,
        severity: "fault",
        what: `${ip} on ${device} has the wrong MAC ${entry.mac}: ${owner.pod ?? owner.node} has none like it`,
      },
      evidence: [...evidence, evidenceOf(links, `MACs: ${macs.join(", ")}`)],
      next: `Delete the entry, so that it is asked for again: \`ip neigh del ${ip} dev ${device}\`; a permanent one has somebody who wrote it`,
    },
  ];
}
