import { PROTOCOL, type Packet } from "../dissect/packet.js";
import { TCP } from "../dissect/tcp.js";
import type { Connection } from "./streams/connection.js";
import { REQUEST } from "./ends.js";
import type { InFlight } from "./flight.js";
import type { HopSource } from "./source.js";
import { TRAIT } from "./traits.js";

/** Says of a packet that is seen for the first time which bytes it carries, and of what kind it is. */
export class Measure {
  constructor(private readonly flight: InFlight) {}

  /**
   * Which bytes of its stream a new packet carries, and what it does to its connection. Gives whether its sender has sent
   * any of them before.
   */
  note(slot: number, { packet, timeUs }: HopSource, connection: Connection): boolean {
    const { flight } = this;
    const direction = flight.direction[slot] as 0 | 1;
    if (packet.protocol === PROTOCOL.tcp && packet.fragmentOffset === 0)
      return this.measureTcp(slot, packet, connection);
    if (connection.firstUs === timeUs) flight.traits[slot]! |= TRAIT.opens;
    const isFragment = packet.fragmentOffset > 0 || packet.moreFragments === 1;
    if (isFragment) {
      connection.isFragmented = true;
    }
    connection.story.addPayload(packet.payloadBytes, direction);
    flight.rangeStart[slot] = packet.fragmentOffset;
    flight.rangeEnd[slot] = packet.fragmentOffset + packet.l4Bytes;
    return false;
  }

  private measureTcp(slot: number, packet: Packet, connection: Connection): boolean {
    const { flight } = this;
    const direction = flight.direction[slot] as 0 | 1;
    const flags = packet.tcpFlags;
    const isNumbered = (flags & TCP.rst) === 0;
    const length = isNumbered ? packet.payloadBytes + sequenceFlags(flags) : 0;
    const isOver = direction === REQUEST || connection.story.isClosing;
    if (!isNumbered && isOver) flight.traits[slot]! |= TRAIT.lateReset;
    if (isSyn(packet) && connection.story.syns === 0) flight.traits[slot]! |= TRAIT.opens;
    let repeats = false;
    if (length === 0) flight.traits[slot]! |= TRAIT.bare;
    else {
      const start = connection.unwrap(packet.sequence, direction);
      flight.rangeStart[slot] = start;
      flight.rangeEnd[slot] = start + length;
      repeats = start < connection.streams[direction].highest;
      if (start + length <= connection.streams[direction].highest) flight.traits[slot]! |= TRAIT.again;
      else connection.streams[direction].highest = start + length;
    }
    if (isNumbered && (flags & TCP.ack) !== 0)
      connection.streams[direction === REQUEST ? 1 : 0].acknowledge(packet.acknowledgement);
    connection.story.note(packet, direction);
    return repeats;
  }
}

/** The first packet of a TCP connection. */
export function isSyn(packet: Packet): boolean {
  return packet.protocol === PROTOCOL.tcp && (packet.tcpFlags & (TCP.syn | TCP.ack)) === TCP.syn;
}

function sequenceFlags(flags: number): number {
  return ((flags & TCP.syn) === 0 ? 0 : 1) + ((flags & TCP.fin) === 0 ? 0 : 1);
}
