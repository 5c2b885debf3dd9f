import type { CaptureReader } from "../../packets/reader.js";
import { openersOf } from "../../wire/open.js";
import { PROTOCOL } from "../dissect/packet.js";
import { TCP } from "../dissect/tcp.js";
import { estimateClocks, type ClockEstimate, type FirstLook } from "./clocks/clock.js";
import type { Connection } from "./streams/connection.js";
import { Connections } from "./streams/connections.js";
import { REQUEST } from "./ends.js";
import { Errors } from "./errors.js";
import { InFlight, NONE } from "./flight.js";
import type { Flow } from "./flow.js";
import { Fragments } from "./fragments.js";
import { Judge } from "./judge.js";
import { Matching } from "./matching.js";
import { CLOCK_ERROR_US } from "./clocks/limits.js";
import { Measure } from "./measure.js";
import { Merge } from "./merge.js";
import { Neighbours, type NeighbourQuestion } from "./neighbours.js";
import { Pieces } from "./streams/pieces.js";
import { leastKeptBytes } from "./prefix.js";
import { PlaceSets } from "./sets.js";
import { begunUsOf, HopSource, untilUsOf, MATTER, sightingOf, openPlace, type HopCapture } from "./source.js";
import { Talks } from "./talks/talks.js";
import { Target, type TargetInput } from "./target.js";
import { Tuples } from "./tables/tuples.js";
import { Turning } from "./turning.js";
import { hasEveryBegun, settleBases, type Begun } from "./streams/bases.js";
import { TRAIT } from "./traits.js";

/** Longer than any path takes; a packet not seen at another place within it is judged. */
const WINDOW_US = 10_000_000;

export interface FollowInput {
  /** Each a place. */
  readonly captures: readonly HopCapture[];
  readonly targets: readonly TargetInput[];
  /** Ways that other flows may take: indexes of places. */
  readonly paths?: readonly (readonly number[])[];
}

/** How one capture was read. */
export interface CaptureReading {
  readonly records: number;
  readonly damage: string | null;
  /** Of the first and the last record, by the node's own clock; null where it has none. */
  readonly firstUs: number | null;
  readonly lastUs: number | null;
}

/** Everything that a set of captures holds. */
export interface Followed {
  readonly flows: readonly Flow[];
  /** How many more there were than are told apart. */
  readonly flowsLeftOut: number;
  /** Who has an address, asked by ARP and neighbour discovery. */
  readonly questions: readonly NeighbourQuestion[];
  readonly sets: PlaceSets;
  /** The sets of places that showed a packet. */
  readonly shown: ReadonlySet<number>;
  readonly clocks: readonly ClockEstimate[];
  readonly readings: readonly CaptureReading[];
  /** Until when the captures show what happened, by the first node's clock; -Infinity: they show nothing. */
  readonly untilUs: number;
}

/**
 * Follows every packet of every flow through all captures: a merge of them in time, in one pass, in memory that grows
 * with the packets in flight. Throws EVIDENCE_INVALID or FILE_UNREADABLE where a capture cannot be opened.
 */
export function follow(input: FollowInput): Followed {
  const look = estimateClocks(input.captures);
  const readers: CaptureReader[] = [];
  try {
    for (const capture of input.captures) readers.push(openPlace(capture));
    return new Follower(input, readers, look).run();
  } finally {
    for (const reader of readers) reader.close();
  }
}

class Follower {
  private readonly sources: readonly HopSource[];
  readonly sets: PlaceSets;
  readonly flight: InFlight;
  readonly tuples = new Tuples();
  readonly connections: Connections;
  private readonly fragments: Fragments;
  private readonly pieces: Pieces;
  private readonly judge: Judge;
  readonly targets: readonly Target[];
  private readonly twice: number;
  private readonly errors: Errors;
  private readonly measure: Measure;
  private readonly talks = new Talks(this.tuples);
  private readonly neighbours: Neighbours;
  private readonly turning: Turning;
  private readonly matching: Matching;
  private readonly begun: Begun;

  constructor(
    private readonly input: FollowInput,
    readers: readonly CaptureReader[],
    private readonly look: FirstLook,
  ) {
    const keptBytes = leastKeptBytes(input.captures, readers);
    this.sources = readers.map((reader, index) => {
      const { encapsulation, node } = input.captures[index]!;
      const clockAheadUs = look.clocks.find((clock) => clock.node === node)?.aheadUs ?? 0;
      return new HopSource(reader, { tunnels: openersOf(encapsulation), keptBytes, clockAheadUs });
    });
    this.sets = new PlaceSets(readers.length);
    this.flight = new InFlight(this.sets);
    this.fragments = new Fragments(this.flight);
    this.twice = this.sets.of(look.twice);
    this.targets = input.targets.map((target) => new Target(target, this.sets));
    this.pieces = new Pieces(this.flight, this.sets, this.flight.chains);
    this.connections = new Connections(this.tuples, this.targets, readers.length);
    this.matching = new Matching(this);
    this.errors = new Errors(this.flight, this.tuples, this.connections);
    this.neighbours = new Neighbours(readers.length);
    this.measure = new Measure(this.flight);
    this.judge = new Judge({
      flight: this.flight,
      sets: this.sets,
      connections: this.connections,
      records: this.connections.records,
      pieces: this.pieces,
      targets: this.targets,
      captures: input.captures,
      sources: this.sources,
      wholePaths: new Set((input.paths ?? []).map((path) => this.sets.of(path))),
      clocks: look.clocks,
    });
    this.begun = { flight: this.flight, allFromUs: this.judge.allFromUs };
    this.turning = new Turning(this.flight, this.judge, (slot) => this.judge.isComplete(slot));
  }

  run(): Followed {
    const { sources, flight, judge } = this;
    const merge = new Merge(sources);
    this.matching.begunUs = begunUsOf(sources, this.input.captures) + CLOCK_ERROR_US;
    for (let place = merge.earliest; place >= 0; place = merge.earliest) {
      const source = sources[place]!;
      const beforeUs = source.timeUs - WINDOW_US;
      while (flight.oldest >= 0 && (flight.firstUs[flight.oldest]! < beforeUs || flight.isFull))
        judge.settle(flight.oldest);
      this.turning.settle(source.timeUs);
      if (source.matter === MATTER.error) this.errors.note(source, place);
      else if (source.matter === MATTER.neighbour) this.neighbours.note(source, place);
      else this.follow(source, place);
      merge.advance(place);
    }
    while (flight.oldest >= 0) judge.settle(flight.oldest);
    this.connections.foldAll();
    return {
      flows: this.connections.flows,
      flowsLeftOut: this.connections.flowsLeftOut,
      questions: this.neighbours.all,
      sets: this.sets,
      shown: this.connections.records.ways.sets,
      untilUs: untilUsOf(sources, this.input.captures),
      clocks: this.look.clocks,
      readings: sources.map(({ reader, damage, firstRecordUs, lastRecordUs }) => ({
        records: reader.frame,
        damage,
        firstUs: firstRecordUs,
        lastUs: lastRecordUs,
      })),
    };
  }

  private follow(source: HopSource, place: number): void {
    const { packet, key, reader, timeUs } = source;
    const { flight, tuples, connections } = this;
    // Behind a translation it has other addresses, by which its later fragments go there.
    if (packet.moreFragments === 1 && packet.fragmentOffset === 0) this.fragments.note(packet);
    const row = packet.fragmentOffset > 0 ? this.fragments.find(packet, tuples) : tuples.locate(packet);
    const { fromA } = tuples;
    key.compute(packet, reader.bytes);
    const { sought } = flight;
    sought.first = key.first;
    sought.second = key.second;
    sought.place = place;
    sought.timeUs = timeUs;
    sought.row = row;
    sought.ttl = packet.ttl;
    const { matching } = this;
    matching.find(source, row);
    const { connection, direction } = matching;
    let { slot } = matching;
    if (connection.target >= 0 && !connections.isOnWay(connection, direction, place)) return;
    connection.lastUs = timeUs;
    tuples.setPlaces(row, fromA, this.sets.add(tuples.placesOf(row, fromA), place));
    if (direction === REQUEST && connection.front === NONE) connection.front = row;
    const isNew = slot === NONE;
    if (isNew) slot = this.begin(source, connection, direction);
    const { heard } = this.talks;
    heard.direction = direction;
    heard.place = place;
    heard.row = row;
    heard.isAgain = this.sets.has(flight.set[slot]!, place);
    this.talks.note(source, connection);
    this.sight(slot, source, place);
    if (isNew) {
      const repeats = this.measure.note(slot, source, connection);
      const maySplit = connection.isFragmented || packet.protocol === PROTOCOL.tcp;
      const older = flight.olderOfStream[slot]!;
      // Else it may be a piece of what another place has shown.
      const isAlone = older === NONE || timeUs - flight.firstUs[older]! > CLOCK_ERROR_US;
      connection.streams[direction].begin(place, isAlone && hasEveryBegun(timeUs, this.begun));
      if (maySplit && flight.rangeStart[slot] !== flight.rangeEnd[slot])
        this.pieces.trace(slot, connection, place);
      else if (connection.streams[direction].base !== place && flight.isCopy(slot))
        flight.traits[slot]! |= TRAIT.copy;
      if (repeats) this.pieces.noteRepeat(slot);
      if ((flight.traits[slot]! & TRAIT.again) !== 0 && !this.isKeepAlive(slot, connection))
        connection.story.noteRepeat(direction, timeUs);
    } else {
      settleBases(slot, connection, this.begun);
      if (place === connection.streams[direction].base) this.pieces.release(slot, connection);
      this.pieces.carry(slot, place);
    }
    if ((packet.tcpFlags & TCP.rst) !== 0 && packet.protocol === PROTOCOL.tcp)
      connection.story.noteReset(packet, direction, sightingOf(source, place));
    if (!this.judge.isComplete(slot)) return;
    // By another node's clock the second time that a place shows it may come last of all.
    if (connection.rows.length > 1 || this.sets.meet(flight.set[slot]!, this.twice)) this.turning.push(slot);
    else this.judge.settle(slot);
  }

  private begin(source: HopSource, connection: Connection, direction: 0 | 1): number {
    const { flight } = this;
    const { packet } = source;
    const slot = flight.add();
    flight.connection[slot] = connection.index;
    flight.direction[slot] = direction;
    flight.ipBytes[slot] = packet.ipBytes;
    flight.ipId[slot] = packet.ipId;
    // Of what is no segment's beginning it is the one before's.
    const isSegment = packet.protocol === PROTOCOL.tcp && packet.fragmentOffset === 0;
    flight.stamp[slot] = isSegment ? packet.timestampValue : 0;
    connection.inFlight++;
    const newest = connection.streams[direction].newest;
    flight.olderOfStream[slot] = newest;
    if (newest !== NONE) flight.newerOfStream[newest] = slot;
    connection.streams[direction].newest = slot;
    return slot;
  }

  /** One byte that the other end has, to hear from it (RFC 9293 3.8.4). */
  private isKeepAlive(slot: number, { streams }: Connection): boolean {
    const { rangeStart, rangeEnd, direction } = this.flight;
    const end = rangeEnd[slot]!;
    return end - rangeStart[slot]! === 1 && streams[direction[slot] as 0 | 1].isAcknowledged(end);
  }

  private sight(slot: number, { reader, timeUs }: HopSource, place: number): void {
    const { flight, sets } = this;
    const { sightings } = flight;
    flight.set[slot] = sets.add(flight.set[slot]!, place);
    flight.lastUs[slot] = timeUs;
    const at = sightings.push(flight.sighting[slot]!);
    flight.sighting[slot] = at;
    sightings.place[at] = place;
    sightings.timeUs[at] = timeUs;
    sightings.frame[at] = reader.frame;
    sightings.recordOffset[at] = reader.recordOffset;
    sightings.row[at] = flight.sought.row;
    sightings.ttl[at] = flight.sought.ttl;
  }
}
