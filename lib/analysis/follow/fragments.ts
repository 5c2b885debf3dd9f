import type { Packet } from "../dissect/packet.js";
import type { Tuples } from "./tables/tuples.js";

/** So many datagrams in fragments are remembered. */
const MOST_DATAGRAMS = 8192;

/** To which pair of ends the later fragments of a datagram belong, which carry no ports: as its first one said. */
export class Fragments {
  /** What tells its ends' rows apart besides the addresses. */
  private readonly ports = new Map<
    string,
    readonly [source: number, destination: number, icmpType: number]
  >();

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

  /** The row of a later fragment; where its first one was not seen, one of its own. Sets `tuples.fromA`. */
  find(packet: Packet, tuples: Tuples): number {
    const [source, destination, icmpType] = this.ports.get(keyOf(packet)) ?? [0, 0, -1];
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
}

function keyOf(packet: Packet): string {
  const { source0, source3, destination0, destination3, ipId, protocol } = packet;
  return `${source0} ${source3} ${destination0} ${destination3} ${ipId} ${protocol}`;
}
