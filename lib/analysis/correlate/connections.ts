import type { Packet } from "../dissect/packet.js";
import { sourceOf } from "../dissect/summarise.js";
import { TCP } from "../dissect/tcp.js";
import { REQUEST } from "./ends.js";

/** Where a packet stands: enough to find it again. */
export interface Sighting {
  readonly source: number;
  readonly timeUs: number;
  readonly frame: number;
  readonly recordOffset: number;
}

/** What became of one TCP connection, told by its client's port. */
export interface Connection {
  own: boolean;
  synAck: boolean;
  requestData: boolean;
  replyData: boolean;
  /** A RST that carries the server's address: who, and the first sighting at each hop. */
  reset: { readonly ip: string; readonly sightings: Sighting[] } | null;
}

const MOST_CONNECTIONS = 65_536;

export class ConnectionTable {
  private readonly byPort = new Map<number, Connection>();

  get all(): readonly Connection[] {
    return [...this.byPort.values()];
  }

  note(
    packet: Packet,
    direction: number,
    at: { clientPort: number; own: boolean; sighting: () => Sighting },
  ): void {
    const flags = packet.tcpFlags;
    let connection = this.byPort.get(at.clientPort);
    if (connection === undefined) {
      if (this.byPort.size >= MOST_CONNECTIONS) return;
      connection = emptyConnection();
      this.byPort.set(at.clientPort, connection);
    }
    if (at.own) connection.own = true;
    if (packet.payloadBytes > 0) {
      if (direction === REQUEST) connection.requestData = true;
      else connection.replyData = true;
    }
    if ((flags & (TCP.syn | TCP.rst)) !== 0) noteControl(connection, packet, direction, at.sighting);
  }
}

function emptyConnection(): Connection {
  return {
    own: false,
    synAck: false,
    requestData: false,
    replyData: false,
    reset: null,
  };
}

function noteControl(connection: Connection, packet: Packet, direction: number, sight: () => Sighting): void {
  if (direction === REQUEST) return;
  if ((packet.tcpFlags & TCP.syn) !== 0) {
    connection.synAck = true;
    return;
  }
  connection.reset ??= { ip: sourceOf(packet), sightings: [] };
  const sighting = sight();
  if (connection.reset.sightings.every(({ source }) => source !== sighting.source))
    connection.reset.sightings.push(sighting);
}
