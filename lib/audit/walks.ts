import { ipVersion } from "../linux/address.js";
import { parseSockets } from "../linux/sockets.js";
import type { Hook } from "../linux/ruleset.js";
import type { FlowAddress } from "../model/evidence.js";
import { readBridgeRules } from "../readings/bridge-rules.js";
import type { Netns } from "../readings/reader.js";
import { readBalancer } from "../readings/balancer.js";
import type { Encapsulation } from "../model/hops.js";
import { makePacket, type Packet } from "../rules/packet.js";
import type { HookStep } from "../rules/walk/path.js";
import { sealOf, wireOf } from "../wire/registry.js";
import { hostOf, type AuditWorld } from "./check.js";
import type { Leg } from "./legs.js";
import { addressAt, endpointOf, isInPod, type Direction } from "./path.js";

/** A packet on its way through the hooks of one network namespace. */
export interface RuleWalk {
  readonly at: Netns;
  readonly direction: Direction;
  readonly packet: Packet;
  readonly steps: readonly HookStep[];
  /** What is followed there, for people. */
  readonly what: string;
}

interface Devices {
  readonly inDevice: string | null;
  readonly outDevice: string | null;
  readonly ports?: Leg["ports"];
}

const OUT: readonly Hook[] = ["output", "postrouting", "egress"];
const IN: readonly Hook[] = ["ingress", "prerouting", "input"];
const THROUGH: readonly Hook[] = ["ingress", "prerouting", "forward", "postrouting", "egress"];

/** All that the flow's first packet and its answer come by: in the pods, on the nodes, and in a tunnel's header. */
export function walksOf(world: AuditWorld): RuleWalk[] {
  return [
    ...podWalks(world),
    ...world.legs.flatMap((leg) => [...innerWalks(world, leg), ...outerWalks(world, leg)]),
  ];
}

function podWalks(world: AuditWorld): RuleWalk[] {
  const { path } = world;
  return ([path.from, path.to] as const).flatMap((end): RuleWalk[] => {
    if (end.node === null || !isInPod(path, end)) return [];
    const at = { node: end.node, pod: end.pod };
    const device = (end === path.from ? path.hops[0] : path.hops.at(-1))?.interface ?? null;
    const isFrom = end === path.from;
    const [sent, taken]: [Direction, Direction] = isFrom ? ["request", "reply"] : ["reply", "request"];
    return [
      ...walk(world, {
        at,
        direction: sent,
        hooks: OUT,
        inDevice: null,
        outDevice: device,
        isTranslated: !isFrom,
      }),
      ...walk(world, {
        at,
        direction: taken,
        hooks: IN,
        inDevice: device,
        outDevice: null,
        isTranslated: !isFrom,
      }),
    ];
  });
}

function innerWalks(world: AuditWorld, leg: Leg): RuleWalk[] {
  const { node, direction, inDevice, outDevice, source, target, ports } = leg;
  const hooks = passedOn(world, leg) ?? (inDevice === null ? OUT : outDevice === null ? IN : THROUGH);
  // Frames from one port of a bridge to another come by these hooks only where br_netfilter hands them over.
  if (ports !== null && !bridgesAskRules(world, node)) return [];
  const sender = direction === "request" ? source : target;
  const isNear = sender.node === node;
  if (direction === "request" && ports === null && isBalancedAt(world, node))
    return [
      ...walk(world, {
        ...{ at: hostOf(node), direction, inDevice, outDevice: null, isTranslated: false },
        hooks: inDevice === null ? ["output"] : IN,
      }),
      ...walk(world, {
        at: hostOf(node),
        direction,
        hooks: OUT,
        inDevice: null,
        outDevice,
        isTranslated: true,
      }),
    ];
  return walk(world, {
    ...{ at: hostOf(node), direction, hooks, inDevice, outDevice },
    isTranslated: !isNear,
    ports,
  });
}

/** IPVS takes packets where the node takes them in, and sends them on as its own: ip_vs_core.c, ip_vs_xmit.c. */
function isBalancedAt({ path, part, state, protocol }: AuditWorld, node: string): boolean {
  const translator = part === "arriving" ? path.to.node : path.from.node;
  if (part === "onward" || node !== translator) return false;
  return readBalancer(state, hostOf(node), { ...path.to, protocol })?.service != null;
}

const ENTERED: readonly Hook[] = ["ingress", "prerouting"];
const LEFT: readonly Hook[] = ["postrouting", "egress"];

/** On a node between two parts of a way packets come in with the one, and are forwarded with the other. */
function passedOn({ part }: AuditWorld, { inDevice, outDevice }: Leg): readonly Hook[] | null {
  const [isFirst, isLast] = [inDevice === null, outDevice === null];
  if (part === "arriving") return isLast ? ENTERED : isFirst ? LEFT : null;
  if (part === "onward") return isFirst ? ["forward", ...LEFT] : isLast ? [...ENTERED, "forward"] : null;
  return null;
}

function bridgesAskRules({ state, path }: AuditWorld, node: string): boolean {
  return readBridgeRules(state, hostOf(node), path.to.ip)?.asked ?? false;
}

interface Part extends Devices {
  readonly at: Netns;
  readonly direction: Direction;
  readonly hooks: readonly Hook[];
  /** A Service's address has given way to the endpoint's there. */
  readonly isTranslated: boolean;
}

function walk(world: AuditWorld, part: Part): RuleWalk[] {
  const { path, protocol, port } = world;
  const to: FlowAddress = part.isTranslated ? endpointOf(path.to) : { ip: path.to.ip, port: path.to.port };
  // The answer has the endpoint's address until it is translated back behind the last rules.
  const far = part.direction === "reply" ? endpointOf(path.to) : to;
  const isFour = ipVersion(path.from.ip) === 4;
  const isEcho = protocol === "icmp";
  const isReply = part.direction === "reply";
  const near: FlowAddress = { ip: addressAt(path, path.from, part.at.node), port: null };
  const [source, destination] = isReply ? [far, near] : [near, far];
  const withPort = (one: FlowAddress): number | null => (one === far ? (one.port ?? port) : null);
  const packet = makePacket({
    ...{ source: source.ip, destination: destination.ip, protocol: isEcho && !isFour ? "icmpv6" : protocol },
    ...(isEcho
      ? { icmpType: isReply ? (isFour ? 0 : 129) : isFour ? 8 : 128, icmpCode: 0 }
      : { sourcePort: withPort(source), destinationPort: withPort(destination) }),
    ...(protocol === "tcp" ? { tcpFlags: isReply ? SYN_ACK : SYN } : {}),
    connection: { state: isReply ? "established" : "new", direction: isReply ? "reply" : "original" },
  });
  const what = `${isReply ? "the answer" : "the request"} from ${source.ip} to ${destination.ip}`;
  return packet === undefined ? [] : [{ ...part, packet, what, steps: stepsOf(part, isFour ? 4 : 6) }];
}

const SYN = 2;
const SYN_ACK = 18;

function outerWalks(world: AuditWorld, leg: Leg): RuleWalk[] {
  const { node, direction, outerIn, outerOut } = leg;
  const ways = [
    {
      hop: outerOut,
      hooks: OUT,
      inDevice: null,
      outDevice: outerOut?.interface ?? null,
      peer: leg.target.node,
      isOut: true,
    },
    {
      hop: outerIn,
      hooks: IN,
      inDevice: outerIn?.interface ?? null,
      outDevice: null,
      peer: leg.source.node,
      isOut: false,
    },
  ];
  return ways.flatMap(({ hop, hooks, inDevice, outDevice, peer, isOut }): RuleWalk[] => {
    const worn = wornOutside(world, hop?.encapsulation, isOut ? peer : node);
    const [own, far] = [world.path.underlay[node]?.ip, world.path.underlay[peer ?? ""]?.ip];
    if (worn === null || own === undefined || far === undefined) return [];
    const [source, destination] = isOut ? [own, far] : [far, own];
    const { port } = worn;
    const packet = makePacket({
      ...{ source, destination, protocol: port === undefined ? "4" : "udp" },
      ...(port === undefined ? {} : { destinationPort: port }),
      connection: { state: null, direction: "original" },
    });
    const steps = stepsOf({ hooks, inDevice, outDevice }, worn.outer);
    const what = `the tunnel's packet from ${source} to ${destination}`;
    return packet === undefined ? [] : [{ at: hostOf(node), direction, packet, steps, what }];
  });
}

/**
 * What a tunnel's packets wear; null where they wear nothing, or it is not known. Which port a sealed tunnel has its peers know
 * alone: the one of its usual ones on which the receiving node listens.
 */
function wornOutside(
  { state }: AuditWorld,
  encapsulation: Encapsulation | undefined,
  receiver: string | null,
): { readonly port?: number; readonly outer: 4 | 6 } | null {
  const wire = wireOf(encapsulation);
  if (wire !== null) return wire.worn;
  const seal = sealOf(encapsulation);
  if (seal === null || receiver === null) return null;
  const [reading] = state.readings(hostOf(receiver), "sockets");
  const open = parseSockets(reading?.text ?? "").filter(({ protocol }) => protocol === "udp");
  const ports = seal.format.udpPorts.filter((port) => open.some((socket) => socket.port === port));
  const [port] = ports;
  return port === undefined || ports.length > 1 || seal.format.protocols.length > 0
    ? null
    : { port, outer: seal.worn.outer };
}

function stepsOf(
  { hooks, inDevice, outDevice, ports }: Devices & { readonly hooks: readonly Hook[] },
  family: 4 | 6,
): HookStep[] {
  const ip = family === 4 ? "ip" : "ip6";
  return hooks.map((hook) => ({
    hook,
    family: hook === "ingress" || hook === "egress" ? "netdev" : ip,
    inDevice: OUT.includes(hook) ? null : inDevice,
    inPort: ports?.inPort ?? null,
    outPort: ports?.outPort ?? null,
    outDevice: hook === "forward" || OUT.includes(hook) ? outDevice : null,
  }));
}
