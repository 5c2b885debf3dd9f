import { NO_OPENERS, type Opener, type Openers } from "../../wire/open.js";
import type { WireFormat } from "../../wire/types.js";
import { readEthernet } from "./ethernet.js";
import { readIcmp } from "./icmp.js";
import { readIcmpv6 } from "./icmpv6.js";
import { readIpv4 } from "./ipv4.js";
import { readIpv6 } from "./ipv6.js";
import { readLink } from "./link.js";
import { PROTOCOL, STOP, type Packet } from "./packet.js";
import { readTcp } from "./tcp.js";
import { readUdp } from "./udp.js";

/** Where a frame stands in a buffer, and what it begins with. */
export interface Frame {
  readonly at: number;
  readonly capturedBytes: number;
  readonly linktype: number;
}

/** How frames of one capture are to be read. */
export interface FrameKind {
  readonly tunnels: Openers;
}

/**
 * Dissects one frame into `packet`, through at most one tunnel header. It never throws and reads nothing
 * outside the frame; `packet.stop` says how far it came.
 */
export function dissectFrame(bytes: Uint8Array, frame: Frame, kind: FrameKind, packet: Packet): void {
  packet.reset(frame.at + frame.capturedBytes);
  const ipAt = readLink(bytes, frame.at, frame.linktype, packet);
  if (ipAt < 0) {
    packet.stop = STOP.notIp;
    return;
  }
  dissectIp(bytes, ipAt, kind.tunnels, packet);
}

/** Dissects the packet that an ICMP error quotes; false where it quotes none that can be read. */
export function dissectQuote(bytes: Uint8Array, error: Packet, tunnels: Openers, into: Packet): boolean {
  if (error.quoteAt < 0) return false;
  into.reset(error.end);
  dissectIp(bytes, error.quoteAt, tunnels, into);
  // RFC 792 promises 8 bytes beyond the IP header: the ports, but not a whole TCP header.
  if (into.stop === STOP.cut && into.protocol === PROTOCOL.tcp && into.end - into.l4At >= 8) {
    into.stop = STOP.none;
    readUdp(bytes, into.l4At, into);
  }
  return into.stop === STOP.none && into.version !== 0;
}

function dissectIp(bytes: Uint8Array, at: number, tunnels: Openers, packet: Packet): void {
  if (at >= packet.end) {
    packet.stop = STOP.cut;
    return;
  }
  const l4At = bytes[at]! >> 4 === 6 ? readIpv6(bytes, at, packet) : readIpv4(bytes, at, packet);
  // Beyond the first fragment there is no transport header.
  if (l4At < 0 || packet.fragmentOffset > 0) return;
  const protocol = packet.protocol;
  if (protocol === PROTOCOL.tcp) readTcp(bytes, l4At, packet);
  else if (protocol === PROTOCOL.udp) dissectUdp(bytes, l4At, tunnels, packet);
  else if (protocol === PROTOCOL.icmp) readIcmp(bytes, l4At, packet);
  else if (protocol === PROTOCOL.icmpv6) readIcmpv6(bytes, l4At, packet);
  else if (!dissectInner(bytes, l4At, find(tunnels.ip, protocol), packet)) packet.stop = STOP.otherProtocol;
}

function dissectUdp(bytes: Uint8Array, at: number, tunnels: Openers, packet: Packet): void {
  readUdp(bytes, at, packet);
  if (packet.stop !== STOP.none) return;
  if (tunnels.udp.length > 0)
    dissectInner(bytes, packet.payloadAt, find(tunnels.udp, packet.destinationPort), packet);
}

function find(openers: readonly Opener[], number: number): WireFormat | null {
  for (let index = 0; index < openers.length; index++) {
    const opener = openers[index]!;
    if (opener.number === number) return opener.format;
  }
  return null;
}

/** Opens a tunnel's header; false, with the outer packet as it was, where there is none to be read. */
function dissectInner(bytes: Uint8Array, at: number, format: WireFormat | null, packet: Packet): boolean {
  if (format === null || !format.peel(bytes, at, packet)) return false;
  const inner = packet.innerIsFrame ? readEthernet(bytes, packet.innerAt, packet) : packet.innerAt;
  if (packet.arpOperation > 0) {
    packet.worn = format;
    packet.keepOutermost();
    packet.resetInner();
    packet.version = 0;
    packet.stop = STOP.notIp;
    return true;
  }
  if (inner < 0 || inner >= packet.end) {
    packet.tunnelId = -1;
    return false;
  }
  packet.worn = format;
  packet.keepOutermost();
  packet.resetInner();
  dissectIp(bytes, inner, NO_OPENERS, packet);
  return true;
}
