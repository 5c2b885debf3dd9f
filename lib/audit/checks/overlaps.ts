import { canonicalIp, containsIp, parsePrefix } from "../../linux/address.js";
import { parseLinks } from "../../linux/links.js";
import { parseRouteAnswer, parseRoutes, type RouteEntry } from "../../linux/routes.js";
import type { Reading } from "../../readings/reader.js";
import { formatOfLink } from "../../wire/registry.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import type { Leg } from "../legs.js";
import { addressAt } from "../path.js";
import { askedRoute } from "../routes.js";

/**
 * A route of somebody else's network (a VPN's, another bridge's) that holds a pod of another node hides the one that the CNI
 * made: the path then follows it, so that nothing of the path itself contradicts it.
 */
export const overlaps: Check = {
  name: "overlaps",
  title: "No other route hides the one by which the CNI reaches the other node's pods",
  check: (world) => world.legs.flatMap((leg) => checkLeg(world, leg)),
};

interface Held {
  readonly entry: RouteEntry;
  readonly lengthBits: number;
  readonly reading: Reading;
}

function checkLeg(world: AuditWorld, leg: Leg): Said[] {
  const { path } = world;
  const peer = leg.target.node;
  if (leg.outDevice === null || leg.ports !== null || leg.isPassedBy || peer === null || peer === leg.node)
    return [];
  const at = hostOf(leg.node);
  const to = addressAt(path, leg.target, leg.node);
  const asked = askedRoute(world, at, { to, inDevice: leg.inDevice });
  const answer = asked === undefined ? null : parseRouteAnswer(asked.text);
  if (answer === null) return [];
  const [taken, ...others] = holding(world, leg.node, to);
  // Another table's route, by a rule of its own, is meant to be taken.
  if (taken?.entry.dev !== answer.dev || taken.entry.gateway !== answer.gateway) return [];
  const isOurs = ownRoutes(world, leg.node, peer);
  if (isOurs(taken.entry) || isLearned(taken.entry)) return [];
  const hidden = others.find(({ entry }) => isOurs(entry));
  if (hidden === undefined) return [];
  return [
    {
      ...{ severity: "doubt", direction: leg.direction, place: { ...at, device: answer.dev } },
      what: `packets to ${to} take the route ${show(taken)}, which hides ${show(hidden)}: whether they get to ${peer} that way is not known`,
      evidence: [taken, hidden].map((one) => evidenceOf(one.reading, show(one))),
      next: `If ${taken.entry.dst} is another network's, give the pods or that network other addresses: no two may overlap`,
    },
  ];
}

/** Of the node's main table, what holds an address, as the kernel prefers it: the narrowest, then the smallest metric. */
function holding({ state }: AuditWorld, node: string, to: string): Held[] {
  return state
    .readings(hostOf(node), "routes")
    .flatMap((reading) =>
      parseRoutes(reading.text).flatMap((entry): Held[] => {
        const prefix = parsePrefix(entry.dst);
        const isMeant = entry.table === "main" && entry.type === "unicast" && prefix !== undefined;
        return isMeant && containsIp(prefix, to) ? [{ entry, lengthBits: prefix.lengthBits, reading }] : [];
      }),
    )
    .sort((a, b) => b.lengthBits - a.lengthBits || (a.entry.metric ?? 0) - (b.entry.metric ?? 0));
}

/** Whether a route is one of those by which CNIs reach a node's pods: by a tunnel's device, or the node itself as the next hop. */
function ownRoutes({ path, state }: AuditWorld, node: string, peer: string): (entry: RouteEntry) => boolean {
  const [links] = state.readings(hostOf(node), "links");
  const tunnels = parseLinks(links?.text ?? "").flatMap(({ name, kind }) =>
    formatOfLink(kind) === null ? [] : [name],
  );
  const told = state.readings(hostOf(peer), "addresses").flatMap(({ text }) => parseLinks(text));
  const addresses = told.flatMap(({ addressInfo }) => addressInfo.map(({ ip }) => ip));
  const gateways = new Set([...addresses, path.underlay[peer]?.ip ?? ""].map((ip) => canonicalIp(ip)));
  return ({ nexthops }) =>
    nexthops.some(
      ({ dev, gateway, encapsulation }) =>
        encapsulation !== null ||
        (dev !== null && tunnels.includes(dev)) ||
        (gateway !== null && gateways.has(gateway)),
    );
}

/** What a routing daemon was told by its neighbours: rt_protos of iproute2, and Calico's own. */
const DAEMONS = ["bird", "bgp", "zebra", "ospf", "isis", "babel", "rip", "eigrp", "80"];

function isLearned({ protocol }: RouteEntry): boolean {
  return protocol !== null && DAEMONS.includes(protocol);
}

function show({ entry: { dst, gateway, dev } }: Held): string {
  return [dst, ...(gateway === null ? [] : ["via", gateway]), ...(dev === null ? [] : ["dev", dev])].join(
    " ",
  );
}
