import { PROTOCOL, type Packet } from "../dissect/packet.js";
import { REQUEST } from "./ends.js";
import { NONE, type InFlight } from "./flight.js";
import type { Tuples } from "./tables/tuples.js";

/** So many datagrams in fragments are remembered. */
const MOST_DATAGRAMS = 8192;
/** So many packets in flight are looked at for the one that was cut. */
const MOST_STEPS = 256;

/** What tells the rows of two ends apart besides the addresses. */
type Ports = readonly [source: number, destination: number, icmpType: number];

/** To which pair of ends the later fragments of a datagram belong, which carry no ports: as its first one said. */
export class Fragments {
  private readonly ports = new Map<string, Ports>();

  constructor(private readonly flight: InFlight) {}

  note(first: Packet): void {
    const key = keyOf(first);
    this.ports.delete(key);
    for (const oldest of this.ports.keys()) {
      if (this.ports.size < MOST_DATAGRAMS) break;
      this.ports.delete(oldest);
    }
    const { icmpType, icmpId, sourcePort, destinationPort } = first;
    this.ports.set(key, icmpType >= 0 ? [icmpId, icmpId, icmpType] : [sourcePort, destinationPort, icmpType]);
  }

  /**
   * The row of a later fragment: its first one's, or of the datagram that it was cut from on its way, where the first one was
   * lost at once; else one of its own. Sets `tuples.fromA`.
   */
  find(packet: Packet, tuples: Tuples): number {
    const first = this.ports.get(keyOf(packet)) ?? this.findWhole(packet, tuples);
    const [source, destination, icmpType] = first ?? [0, 0, -1];
    const { icmpId } = packet;
    packet.sourcePort = packet.icmpId = source;
    packet.destinationPort = destination;
    packet.icmpType = icmpType;
    const row = tuples.locate(packet);
    packet.sourcePort = packet.destinationPort = 0;
    packet.icmpId = icmpId;
    packet.icmpType = -1;
    return row;
  }

  /** Those of a UDP datagram in flight that has a fragment's bytes, and its id (RFC 791). */
  private findWhole(packet: Packet, tuples: Tuples): Ports | undefined {
    const { flight } = this;
    const { ipId, protocol, fragmentOffset, l4Bytes } = packet;
    if (ipId === 0 || protocol !== PROTOCOL.udp) return undefined;
    let slot = flight.newest;
    for (let step = 0; slot !== NONE && step < MOST_STEPS; step++, slot = flight.older[slot]!) {
      const isWhole = flight.rangeStart[slot] === 0 && flight.rangeEnd[slot]! >= fragmentOffset + l4Bytes;
      const ports = isWhole && flight.ipId[slot] === ipId ? this.portsOf(slot, packet, tuples) : undefined;
      if (ports !== undefined) return ports;
    }
    return undefined;
  }

  /** Of the ends that a packet in flight has shown, those of a fragment that goes the same way. */
  private portsOf(slot: number, packet: Packet, tuples: Tuples): Ports | undefined {
    const { sightings, sighting } = this.flight;
    for (let at = sighting[slot]!; at !== NONE; at = sightings.next[at]!) {
      const row = sightings.row[at]!;
      const isFromA = tuples.clientIsA(row) === (this.flight.direction[slot] === REQUEST);
      const source = (packet.sourcePort = tuples.end(row, isFromA).port ?? 0);
      const destination = (packet.destinationPort = tuples.end(row, !isFromA).port ?? 0);
      const isItsOwn = tuples.look(packet) === row && tuples.fromA === isFromA;
      packet.sourcePort = packet.destinationPort = 0;
      if (isItsOwn) return [source, destination, -1];
    }
    return undefined;
  }
}

function keyOf(packet: Packet): string {
  const { source0, source3, destination0, destination3, ipId, protocol } = packet;
  return `${source0} ${source3} ${destination0} ${destination3} ${ipId} ${protocol}`;
}
