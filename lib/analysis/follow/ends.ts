import type { FlowAddress } from "../../model/evidence.js";
import type { Protocol } from "../../model/traffic.js";
import { parseIp } from "../dissect/address.js";
import { ICMP } from "../dissect/icmp.js";
import { ICMPV6 } from "../dissect/icmpv6.js";
import { PROTOCOL, type Packet } from "../dissect/packet.js";

export const REQUEST = 0;
export const REPLY = 1;
export const NEITHER = -1;

interface Endpoint {
  readonly version: number;
  readonly words: readonly [number, number, number, number];
  /** -1: any. */
  readonly port: number;
}

/** Tells a flow's packets from others by the addresses of its two ends, and which way they go. */
export class FlowEnds {
  private readonly from: readonly Endpoint[];
  private readonly to: readonly Endpoint[];

  constructor(
    from: readonly FlowAddress[],
    to: readonly FlowAddress[],
    readonly protocol: Protocol,
  ) {
    const usePorts = protocol !== "icmp";
    this.from = from.flatMap((address) => asEndpoint(address, usePorts));
    this.to = to.flatMap((address) => asEndpoint(address, usePorts));
  }

  /** REQUEST, REPLY or NEITHER. An ICMP error is neither: it is told by what it quotes. */
  directionOf(packet: Packet): number {
    if (!this.isProtocol(packet)) return NEITHER;
    const direction = this.directionByAddress(packet);
    if (direction === NEITHER || this.protocol !== "icmp" || packet.fragmentOffset > 0) return direction;
    return packet.icmpType === echoType(packet.version, direction) ? direction : NEITHER;
  }

  private isProtocol(packet: Packet): boolean {
    const protocol = packet.protocol;
    if (this.protocol === "tcp") return protocol === PROTOCOL.tcp;
    if (this.protocol === "udp") return protocol === PROTOCOL.udp;
    return protocol === (packet.version === 6 ? PROTOCOL.icmpv6 : PROTOCOL.icmp);
  }

  private directionByAddress(packet: Packet): number {
    if (isAtSource(this.from, packet)) return isAtDestination(this.to, packet) ? REQUEST : NEITHER;
    return isAtSource(this.to, packet) && isAtDestination(this.from, packet) ? REPLY : NEITHER;
  }
}

function asEndpoint(address: FlowAddress, usePort: boolean): Endpoint[] {
  const ip = parseIp(address.ip);
  return ip === undefined ? [] : [{ ...ip, port: usePort ? (address.port ?? -1) : -1 }];
}

function echoType(version: number, direction: number): number {
  if (version === 6) return direction === REQUEST ? ICMPV6.echoRequest : ICMPV6.echoReply;
  return direction === REQUEST ? ICMP.echoRequest : ICMP.echoReply;
}

function isAtSource(endpoints: readonly Endpoint[], packet: Packet): boolean {
  for (let index = 0; index < endpoints.length; index++) {
    const { words, port, version } = endpoints[index]!;
    if (words[0] !== packet.source0 || version !== packet.version) continue;
    if (words[3] !== packet.source3 || words[1] !== packet.source1 || words[2] !== packet.source2) continue;
    // Beyond the first fragment there are no ports.
    if (port < 0 || packet.fragmentOffset > 0 || port === packet.sourcePort) return true;
  }
  return false;
}

function isAtDestination(endpoints: readonly Endpoint[], packet: Packet): boolean {
  for (let index = 0; index < endpoints.length; index++) {
    const { words, port, version } = endpoints[index]!;
    if (words[0] !== packet.destination0 || version !== packet.version) continue;
    if (
      words[3] !== packet.destination3 ||
      words[1] !== packet.destination1 ||
      words[2] !== packet.destination2
    )
      continue;
    if (port < 0 || packet.fragmentOffset > 0 || port === packet.destinationPort) return true;
  }
  return false;
}
