import { PROTOCOL, type Packet } from "../dissect/packet.js";
import { int32 } from "../dissect/bytes.js";
import { SACK_BLOCK_BYTES, TCP } from "../dissect/tcp.js";

/** No more of a payload than this is hashed: enough to tell packets apart, cheap at any packet size. */
const MOST_HASHED_BYTES = 32;
/** UDP's and ICMP's headers, before the payload. */
const DATAGRAM_HEADER_BYTES = 8;
/** Behind an IP header, what has a datagram's hash whole. */
export const DATAGRAM_BYTES = DATAGRAM_HEADER_BYTES + MOST_HASHED_BYTES;
/** The longest header of TCP, with its options: a key looks at no byte behind it. */
export const MOST_KEY_BYTES = 60;
const LEAST_STRONG_BYTES = 8;
/** PSH moves between the pieces of a segment that is split, and ECN's bits change on the way. */
const STEADY_FLAGS = TCP.fin | TCP.syn | TCP.rst | TCP.ack;

/**
 * What is the same of a packet at every hop: not its TTL, addresses, ports, ICMP id or checksum, which
 * routing and NAT rewrite. Two 32-bit hashes of protocol and: TCP's sequence, acknowledgement, length, time stamp and
 * flags; or ICMP's type, sequence and the payload; or UDP's payload; with IPv4's id, which no hop rewrites and
 * which tells a transmission from its repetition, and the offset of a fragment. Without such an id duplicate ACKs of one
 * millisecond differ in their SACK blocks alone: these are hashed where every hop has kept all of TCP's options.
 */
export class PacketKey {
  first = 0;
  second = 0;
  /** False where so little is hashed that other conversations may well have the same. */
  isStrong = false;
  private readonly hashedBytes: number;
  private readonly hashesSacks: boolean;

  /** `keptBytes`: how much behind an IP header every hop's snap length has kept. */
  constructor(keptBytes: number) {
    this.hashedBytes = Math.min(Math.max(0, keptBytes - DATAGRAM_HEADER_BYTES), MOST_HASHED_BYTES);
    this.hashesSacks = keptBytes >= MOST_KEY_BYTES;
  }

  compute(packet: Packet, bytes: Uint8Array): void {
    this.first = 0x9e37;
    this.second = packet.protocol;
    if (packet.fragmentOffset > 0) this.addFragment(packet);
    else if (packet.protocol === PROTOCOL.tcp) this.addTcp(packet, bytes);
    else this.addDatagram(packet, bytes);
  }

  private addTcp(packet: Packet, bytes: Uint8Array): void {
    this.isStrong = packet.sequence !== 0 || packet.acknowledgement !== 0;
    this.mix(packet.sequence, packet.acknowledgement);
    this.mix(packet.timestampValue, (packet.payloadBytes << 8) | (packet.tcpFlags & STEADY_FLAGS));
    this.mix(packet.ipId, 0);
    if (packet.sackBlocks > 0 && packet.ipId === 0 && this.hashesSacks) this.addSacks(packet, bytes);
  }

  /** Of ACKs alone: a segment's own bytes tell it from others. */
  private addSacks({ payloadBytes, sackAt, sackBlocks }: Packet, bytes: Uint8Array): void {
    if (payloadBytes > 0) return;
    const end = sackAt + sackBlocks * SACK_BLOCK_BYTES;
    for (let at = sackAt; at < end; at += SACK_BLOCK_BYTES) this.mix(int32(bytes, at), int32(bytes, at + 4));
  }

  private addFragment(packet: Packet): void {
    this.isStrong = false;
    this.mix(packet.ipId, packet.fragmentOffset);
    this.mix(packet.l4Bytes, packet.moreFragments);
  }

  private addDatagram(packet: Packet, bytes: Uint8Array): void {
    this.mix(packet.ipId, packet.payloadBytes);
    this.mix(packet.icmpType, packet.icmpType < 0 ? 0 : packet.icmpSequence);
    const kept = Math.min(this.hashedBytes, packet.payloadBytes, packet.end - packet.payloadAt);
    this.isStrong = kept >= LEAST_STRONG_BYTES || packet.ipId !== 0;
    let at = packet.payloadAt;
    const end = at + kept;
    for (; at + 4 <= end; at += 4) {
      const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      this.mix(word, at - end);
    }
    for (; at < end; at++) this.mix(bytes[at]!, at - end);
  }

  /** MurmurHash3's mixing steps, with other constants for the second half. */
  private mix(a: number, b: number): void {
    let first = Math.imul(this.first ^ a, 0x85ebca6b);
    first = Math.imul(first ^ (first >>> 13) ^ b, 0xc2b2ae35);
    this.first = first ^ (first >>> 16);
    let second = Math.imul(this.second ^ b, 0x27d4eb2f);
    second = Math.imul(second ^ (second >>> 15) ^ a, 0x165667b1);
    this.second = second ^ (second >>> 14);
  }
}
