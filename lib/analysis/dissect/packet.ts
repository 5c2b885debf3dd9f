import type { Inside, WireFormat } from "../../wire/types.js";

/** Why a packet's dissection stopped where it did. */
export const STOP = {
  /** Down to the transport header, or to a fragment without one. */
  none: 0,
  /** The capture's snap length, or a header that claims more than there is. */
  cut: 1,
  /** ARP, LLDP, an unknown link header: nothing that a flow is made of. */
  notIp: 2,
  /** A length or version that cannot be. */
  malformed: 3,
  /** IP, of a protocol other than ICMP, UDP and TCP. */
  otherProtocol: 4,
  /** `sealedTitle` names it: whatever is inside only its ends can read. */
  opaque: 5,
} as const;

export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** What Linux calls a packet by whom it is for (linux/if_packet.h). */
export const PACKET_TYPE = { host: 0, broadcast: 1, multicast: 2, otherHost: 3, outgoing: 4 } as const;

/**
 * One dissected packet, filled in place again and again so that the reading loop allocates nothing. Every
 * field is an int32 (addresses, sequence numbers and time stamps are the signed view of their 32 bits).
 * Offsets are indexes into the buffer that was dissected. Where a tunnel header was opened, everything but
 * `outer…`, `worn`, `tunnelId`, `packetType` and `interfaceIndex` describes the inner packet.
 */
export class Packet implements Inside {
  stop: number = STOP.none;
  vlan = -1;
  /** Offsets of the 6 bytes of the innermost frame's MAC addresses; -1 where its link header has none. */
  sourceMacAt = -1;
  destinationMacAt = -1;
  /** PACKET_TYPE where the link header says it (LINUX_SLL, LINUX_SLL2); else -1. */
  packetType = -1;
  /** Index of the device where the link header says it (LINUX_SLL2); else -1. */
  interfaceIndex = -1;
  /** The tunnel header that was opened; null where the packet is bare. */
  worn: WireFormat | null = null;
  tunnelId = -1;
  /** Where `stop` is opaque: the name of what carries the packet that cannot be read. */
  sealedTitle = "";
  innerAt = 0;
  innerType = 0;
  /** Offset of the outermost IP header where a tunnel was opened, and its version, which is 0 where none was. */
  outerAt = 0;
  outerVersion = 0;

  /** ARP's operation: 1 request, 2 reply; 0 where the packet is none. It has no IP header: `stop` is notIp. */
  arpOperation = 0;
  /** IPv4 addresses. */
  arpSender = 0;
  arpTarget = 0;
  arpSenderMacAt = -1;

  /** Offset of the IP header. */
  ipAt = 0;
  /** 4 or 6; 0 where there is no IP header. */
  version = 0;
  /** Length of the IP packet by its own header (by the captured frame where that says 0, as GSO does). */
  ipBytes = 0;
  ttl = 0;
  ipId = 0;
  dontFragment = 0;
  /** In bytes. */
  fragmentOffset = 0;
  moreFragments = 0;
  /** Of IPv4 only the first word is used. */
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  protocol = -1;

  /** Offset of what follows the IP header, and its length by the headers. */
  l4At = 0;
  l4Bytes = 0;
  sourcePort = 0;
  destinationPort = 0;

  sequence = 0;
  acknowledgement = 0;
  /** The low 8 bits of RFC 9293's control bits. */
  tcpFlags = 0;
  /** Of 16 bits, not scaled. */
  window = 0;
  /** A SYN's options; -1 where it has none, and of every other segment. */
  maximumSegmentBytes = -1;
  windowScale = -1;
  /** How many blocks the SACK option has, and where it has some the offset of the first. */
  sackBlocks = 0;
  sackAt = 0;
  timestampValue = 0;
  timestampEcho = 0;

  icmpType = -1;
  icmpCode = 0;
  icmpId = 0;
  icmpSequence = 0;
  /** The next hop's MTU where the error is "fragmentation needed" or "packet too big". */
  icmpMtu = 0;
  /** Offset of the quoted IP header of an ICMP error; -1 where there is none. */
  quoteAt = -1;
  /** The target of a neighbour solicitation or advertisement; of no other packet. */
  neighbourTarget0 = 0;
  neighbourTarget1 = 0;
  neighbourTarget2 = 0;
  neighbourTarget3 = 0;
  /** … and the offset of the MAC address it gives: the sender's of the first, the target's of the second; -1: none. */
  neighbourMacAt = -1;

  payloadAt = 0;
  /** By the headers, not by what was captured. */
  payloadBytes = 0;
  /** Where the captured bytes end. */
  end = 0;

  /** Forgets the packet before. Called once a packet, so it only resets what a codec may leave unset. */
  reset(end: number): void {
    this.stop = STOP.none;
    this.vlan = -1;
    this.sourceMacAt = -1;
    this.destinationMacAt = -1;
    this.worn = null;
    this.tunnelId = -1;
    this.packetType = -1;
    this.interfaceIndex = -1;
    this.outerVersion = 0;
    this.arpOperation = 0;
    this.version = 0;
    this.end = end;
    this.resetInner();
  }

  /** Keeps the addresses of the header that a tunnel's is behind, where it is the first one. */
  keepOutermost(): void {
    if (this.outerVersion !== 0) return;
    this.outerVersion = this.version;
    this.outerAt = this.ipAt;
  }

  /** Forgets the transport layer; also used between an outer and an inner packet. */
  resetInner(): void {
    this.protocol = -1;
    this.ipId = 0;
    this.dontFragment = 0;
    this.fragmentOffset = 0;
    this.moreFragments = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.tcpFlags = 0;
    this.icmpType = -1;
    this.quoteAt = -1;
    this.payloadBytes = 0;
  }
}
