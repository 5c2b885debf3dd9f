import { dissectQuote } from "../dissect/dissect.js";
import { nameIcmp } from "../dissect/icmp-names.js";
import { Packet, PROTOCOL } from "../dissect/packet.js";
import { sourceOf } from "../dissect/summarise.js";
import type { Connection } from "./streams/connection.js";
import type { Connections } from "./streams/connections.js";
import { REPLY, REQUEST } from "./ends.js";
import { NONE, type InFlight } from "./flight.js";
import { noteRejection, rejectionOf } from "./rejections.js";
import { sightingOf, type HopSource } from "./source.js";
import type { Tuples } from "./tables/tuples.js";
import { TRAIT } from "./traits.js";

/** So many packets of a stream are looked at for the one that an error quotes. */
const MOST_STEPS = 256;

/** ICMP errors: each belongs to the flow whose packet it quotes. */
export class Errors {
  private readonly quoted = new Packet();

  constructor(
    private readonly flight: InFlight,
    private readonly tuples: Tuples,
    private readonly connections: Connections,
  ) {}

  /** Counts an error at the packet's flow, where it quotes one of a connection that is known. */
  note(source: HopSource, place: number): void {
    const { packet, reader, kind } = source;
    const { quoted, tuples, connections } = this;
    if (!dissectQuote(reader.bytes, packet, kind.tunnels, quoted)) return;
    const row = tuples.look(quoted);
    const connection = row === NONE ? null : connections.of(row);
    if (connection === null) return;
    const direction = tuples.fromA === tuples.clientIsA(row) ? REQUEST : REPLY;
    connection.rejections ??= [];
    const isTooBig = packet.icmpMtu > 0;
    const kindOf = { direction, ip: sourceOf(packet), how: nameIcmp(packet), isTooBig };
    const rejection = rejectionOf(connection.rejections, kindOf, connections.places);
    if (rejection !== undefined) noteRejection(rejection, sightingOf(source, place));
    if (isTooBig) this.markTooBig(connection, direction);
  }

  /**
   * The packet that a router's error quotes: of the same IP id, else the same sequence number and, where it is kept, time
   * stamp; ids are another one's where a frame was cut on the way, and 0 where a sender counts none.
   */
  private markTooBig(connection: Connection, direction: 0 | 1): void {
    const { flight, quoted } = this;
    const isTcp = quoted.protocol === PROTOCOL.tcp;
    const start = isTcp ? connection.unwrap(quoted.sequence, direction) : 0;
    const alike: number[] = [];
    let slot = connection.streams[direction].newest;
    for (let step = 0; slot !== NONE && step < MOST_STEPS; step++, slot = flight.olderOfStream[slot]!)
      if ((flight.traits[slot]! & TRAIT.bare) === 0)
        if (!isTcp || (flight.rangeStart[slot] === start && this.hasStampOf(slot))) alike.push(slot);
    const same = alike.filter((one) => flight.ipId[one] === quoted.ipId);
    for (const one of same.length > 0 || !isTcp ? same : alike) flight.traits[one]! |= TRAIT.tooBig;
  }

  /** What was lost before and sent again has another time stamp. */
  private hasStampOf(slot: number): boolean {
    const [stamp, quoted] = [this.flight.stamp[slot]!, this.quoted.timestampValue];
    return stamp === quoted || stamp === 0 || quoted === 0;
  }
}
