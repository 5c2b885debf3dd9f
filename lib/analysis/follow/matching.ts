import { isRequest } from "./clocks/heads.js";
import { REPLY, REQUEST } from "./ends.js";
import { NONE, type Accept, type InFlight } from "./flight.js";
import { isSyn } from "./measure.js";
import type { PlaceSets } from "./sets.js";
import type { HopSource } from "./source.js";
import type { Connection } from "./streams/connection.js";
import type { Connections } from "./streams/connections.js";
import { join } from "./streams/join.js";
import type { Tuples } from "./tables/tuples.js";
import { isSentAgainInPieces } from "./streams/sent-again.js";
import { findTarget, type Target } from "./target.js";
import { TRAIT } from "./traits.js";
import { isOfSameClient, mayBeTranslated } from "./translation.js";

interface State {
  readonly flight: InFlight;
  readonly tuples: Tuples;
  readonly connections: Connections;
  readonly sets: PlaceSets;
  readonly targets: readonly Target[];
}

/** Which packet in flight the one at hand is, and of what connection. */
export class Matching {
  /** Of the last `find`; the slot is NONE where the packet shows for the first time. */
  connection!: Connection;
  direction: 0 | 1 = REQUEST;
  slot = NONE;
  /** When the last capture began, by the first node's clock: of a connection of later no third pair of ends is looked for. */
  begunUs = Infinity;

  private readonly acceptOwn: Accept = (slot) => this.isWanted(slot);
  private readonly acceptOfClient: Accept;
  private readonly acceptAny: Accept = () => true;
  private readonly acceptJoined: Accept = (slot) => this.mayJoin(slot);

  constructor(private readonly state: State) {
    this.acceptOfClient = (slot) => isOfSameClient(slot, state.flight.sought.row, state);
  }

  /** Reads `flight.sought`, and the way that `tuples` has just located. */
  find(source: HopSource, row: number): void {
    const { flight, tuples, connections } = this.state;
    const { packet } = source;
    const { fromA } = tuples;
    const known = connections.of(row);
    this.slot = NONE;
    if (known === null || (isSyn(packet) && known.isAnotherSyn(packet.sequence))) this.begin(source, row);
    else {
      this.connection = known;
      this.direction = fromA === tuples.clientIsA(row) ? REQUEST : REPLY;
    }
    if (this.slot === NONE) this.slot = flight.find(this.acceptOwn);
    if (this.slot !== NONE && isSentAgainInPieces(this.slot, this.state)) this.slot = NONE;
    const mayBeMore = known !== null && (known.rows.length === 1 || known.firstUs <= this.begunUs);
    if (mayBeMore && this.connection === known && source.key.isStrong) this.join();
  }

  /** The first packet between two ends: of a connection that is translated, or of a new one. */
  private begin({ packet, key, reader, timeUs }: HopSource, row: number): void {
    const { flight, tuples, connections, targets } = this.state;
    const { fromA } = tuples;
    let slot = flight.find(this.acceptOfClient);
    if (slot === NONE) slot = flight.find(this.acceptAny);
    if (slot !== NONE && key.isStrong && mayBeTranslated(slot, row, this.state)) {
      this.slot = slot;
      this.direction = flight.direction[slot] as 0 | 1;
      this.connection = connections.alias(row, flight.connection[slot]!);
    } else {
      const belonging = findTarget(targets, packet, reader.bytes);
      this.direction = belonging?.direction ?? (isRequest(packet) ? REQUEST : REPLY);
      this.connection = connections.open(row, belonging, timeUs);
    }
    tuples.setClient(row, fromA === (this.direction === REQUEST));
  }

  /**
   * Where a capture begins while a connection goes on, a place behind its translation may show it before those in front
   * do: it was taken for another one until a packet comes by that both have shown.
   */
  private join(): void {
    const { flight, connections } = this.state;
    const slot = this.slot === NONE ? flight.find(this.acceptJoined) : this.slot;
    if (slot === NONE || flight.connection[slot] === this.connection.index || !this.mayJoin(slot)) return;
    const before = connections.at(flight.connection[slot]!);
    this.connection = join({ before, behind: this.connection, direction: this.direction }, this.state);
    this.slot = slot;
  }

  private mayJoin(slot: number): boolean {
    const { flight, connections } = this.state;
    const before = connections.at(flight.connection[slot]!);
    const own = this.connection;
    return (
      before !== own &&
      flight.direction[slot] === this.direction &&
      (before.target < 0 || own.target < 0 || before.target === own.target) &&
      (before.rows.length + own.rows.length === 2 || !this.shareAPlace(before, own)) &&
      mayBeTranslated(slot, flight.sought.row, this.state)
    );
  }

  /** Whether a place shows both: it would see the one behind a translation that it knows the other to have already. */
  private shareAPlace(before: Connection, own: Connection): boolean {
    const { sets } = this.state;
    return before.rows.some((one) =>
      own.rows.some((other) => sets.meet(this.placesOf(one), this.placesOf(other))),
    );
  }

  private placesOf(row: number): number {
    const { tuples } = this.state;
    return tuples.placesOf(row, (this.direction === REQUEST) === tuples.clientIsA(row));
  }

  /** Whether a packet in flight may be the one at hand: of the same connection, or of the same flow of interest. */
  private isWanted(slot: number): boolean {
    const { flight, connections } = this.state;
    const { connection, direction } = this;
    if (flight.direction[slot] !== direction) return false;
    const other = connections.at(flight.connection[slot]!);
    // What was cut from another frame on the way, or doubled there, is not what was sent at its beginning.
    const isAtBase = connection.streams[direction].base === flight.sought.place;
    if (isAtBase && (flight.traits[slot]! & (TRAIT.cut | TRAIT.copy)) !== 0) return false;
    return (
      other === connection ||
      (other.target >= 0 && other.target === connection.target && other.isOwn === connection.isOwn)
    );
  }
}
