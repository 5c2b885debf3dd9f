import { NO_OPENERS, type Opener, type Openers } from "../../wire/open.js";
import { ETHERTYPE } from "../../wire/ethertype.js";
import type { WireFormat } from "../../wire/types.js";
import { int32 } from "./bytes.js";
import { readEthernet } from "./ethernet.js";
import { passTags } from "./ethertype.js";
import { readIcmp } from "./icmp.js";
import { readIcmpv6 } from "./icmpv6.js";
import { readIpv4 } from "./ipv4.js";
import { readIpv6 } from "./ipv6.js";
import { readLink } from "./link.js";
import { PROTOCOL, STOP, type Packet } from "./packet.js";
import { readTcp } from "./tcp.js";
import { readUdp } from "./udp.js";

const NONE = -1;

/** Where a frame stands in a buffer, and what it begins with. */
interface Frame {
  readonly at: number;
  readonly capturedBytes: number;
  readonly linktype: number;
}

/** How frames of one capture are to be read. */
export interface FrameKind {
  readonly tunnels: Openers;
}

/**
 * Dissects one frame into `packet`, through as many tunnel headers as are opened. It never throws and reads nothing
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
  // RFC 792 promises 8 bytes beyond the IP header: the ports and the sequence number, but not a whole TCP header.
  if (into.stop === STOP.cut && into.protocol === PROTOCOL.tcp && into.end - into.l4At >= 8) {
    into.stop = STOP.none;
    readUdp(bytes, into.l4At, into);
    into.sequence = int32(bytes, into.l4At + 4);
    into.timestampValue = 0;
  }
  return into.stop === STOP.none && into.version !== 0;
}

/** The IP header at `at`, and those within it. */
function dissectIp(bytes: Uint8Array, at: number, tunnels: Openers, packet: Packet): void {
  let inner = dissectHeaders(bytes, at, tunnels, packet);
  for (let opened = 1; inner !== NONE; opened++)
    inner = dissectHeaders(bytes, inner, opened < tunnels.depth ? tunnels : NO_OPENERS, packet);
}

/** One IP header and what it carries; where a tunnel was opened the offset of the IP header within, else NONE. */
function dissectHeaders(bytes: Uint8Array, at: number, tunnels: Openers, packet: Packet): number {
  if (at >= packet.end) {
    packet.stop = STOP.cut;
    return NONE;
  }
  const l4At = bytes[at]! >> 4 === 6 ? readIpv6(bytes, at, packet) : readIpv4(bytes, at, packet);
  // Beyond the first fragment there is no transport header.
  if (l4At < 0 || packet.fragmentOffset > 0) return NONE;
  const protocol = packet.protocol;
  if (protocol === PROTOCOL.tcp) readTcp(bytes, l4At, packet);
  else if (protocol === PROTOCOL.udp) return dissectUdp(bytes, l4At, tunnels, packet);
  else if (protocol === PROTOCOL.icmp) readIcmp(bytes, l4At, packet);
  else if (protocol === PROTOCOL.icmpv6) readIcmpv6(bytes, l4At, packet);
  else return dissectOther(bytes, l4At, tunnels, packet);
  return NONE;
}

function dissectUdp(bytes: Uint8Array, at: number, tunnels: Openers, packet: Packet): number {
  readUdp(bytes, at, packet);
  if (packet.stop !== STOP.none || tunnels.depth === 0) return NONE;
  const inner = openTunnel(bytes, packet.payloadAt, tunnels.udp, packet);
  if (inner !== NONE || packet.stop !== STOP.none) return inner;
  for (let index = 0; index < tunnels.sealedUdp.length; index++) {
    const { number, format } = tunnels.sealedUdp[index]!;
    const isItsPort = packet.destinationPort === number || packet.sourcePort === number;
    if (isItsPort && format.recognises(bytes, packet.payloadAt, packet)) {
      packet.stop = STOP.opaque;
      packet.sealedTitle = format.title;
      return NONE;
    }
  }
  return NONE;
}

function dissectOther(bytes: Uint8Array, at: number, tunnels: Openers, packet: Packet): number {
  const inner = openTunnel(bytes, at, tunnels.ip, packet);
  if (inner !== NONE || packet.stop !== STOP.none) return inner;
  packet.stop = STOP.otherProtocol;
  packet.payloadAt = at;
  packet.payloadBytes = packet.l4Bytes;
  for (const { number, format } of tunnels.sealedIp) {
    if (packet.protocol === number && format.recognises(bytes, at, packet)) {
      packet.stop = STOP.opaque;
      packet.sealedTitle = format.title;
    }
  }
  return NONE;
}

/**
 * Opens the header of the first format that fits the packet's port or protocol. The offset of the IP header within; NONE,
 * with the outer packet as it was, where there is none to be read; NONE with `stop` set where there is ARP within.
 */
function openTunnel(bytes: Uint8Array, at: number, openers: readonly Opener[], packet: Packet): number {
  const number = packet.protocol === PROTOCOL.udp ? packet.destinationPort : packet.protocol;
  for (let index = 0; index < openers.length; index++) {
    const opener = openers[index]!;
    if (opener.number !== number) continue;
    const inner = enter(bytes, at, opener.format, packet);
    if (inner !== NONE || packet.stop !== STOP.none) return inner;
  }
  return NONE;
}

function enter(bytes: Uint8Array, at: number, format: WireFormat, packet: Packet): number {
  const { tunnelId, vlan, sourceMacAt, destinationMacAt } = packet;
  const inner = format.peel(bytes, at, packet) ? readInner(bytes, packet) : NONE;
  const isArp = packet.arpOperation > 0;
  if (!isArp && (inner < 0 || inner >= packet.end)) {
    packet.tunnelId = tunnelId;
    packet.vlan = vlan;
    packet.sourceMacAt = sourceMacAt;
    packet.destinationMacAt = destinationMacAt;
    return NONE;
  }
  packet.worn = format;
  packet.keepOutermost();
  packet.resetInner();
  if (!isArp) return inner;
  packet.version = 0;
  packet.stop = STOP.notIp;
  return NONE;
}

function readInner(bytes: Uint8Array, packet: Packet): number {
  const { innerAt, innerType } = packet;
  if (innerType === ETHERTYPE.frame) return readEthernet(bytes, innerAt, packet);
  return passTags(bytes, innerType, innerAt, packet);
}
