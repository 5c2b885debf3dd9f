import type { ClockEstimate } from "./clocks/clock.js";
import type { Connection } from "./streams/connection.js";
import type { Connections } from "./streams/connections.js";
import { NONE, type InFlight } from "./flight.js";
import type { Flow } from "./flow.js";
import { CLOCK_ERROR_US, HEAD_US, TAIL_US } from "./clocks/limits.js";
import type { Pieces } from "./streams/pieces.js";
import type { Records } from "./record.js";
import type { PlaceSets } from "./sets.js";
import type { HopCapture, HopSource } from "./source.js";
import type { Target } from "./target.js";
import { TRAIT } from "./traits.js";
import { ALL_LIVE, type KeptPacket } from "./ways.js";

/** How many packets are kept for people and for the search for a cause: of each way, and of a direction's story. */
const KEPT = {
  target: { way: 64, story: 64 },
  /** … of the first flows that nobody asked about. */
  early: { way: 8, story: 2 },
  /** … of later ones, where they did not take a whole path. */
  broken: { way: 8, story: 0 },
  whole: { way: 0, story: 0 },
} as const;
/** … of all that nobody asked about. */
const MOST_KEPT_OF_OTHERS = 16_384;
/** So many flows are early ones; their delays are measured, too. */
const MOST_EARLY = 256;

interface JudgeInput {
  readonly flight: InFlight;
  readonly sets: PlaceSets;
  readonly connections: Connections;
  readonly records: Records;
  readonly pieces: Pieces;
  readonly targets: readonly Target[];
  readonly captures: readonly HopCapture[];
  readonly sources: readonly HopSource[];
  /** Sets of all places of a path. */
  readonly wholePaths: ReadonlySet<number>;
  readonly clocks: readonly ClockEstimate[];
}

/** Says which way a packet took, once no other place can show it any more, and forgets it. */
export class Judge {
  private keptOfOthers = 0;
  /** By place, by the first node's clock: from when until when its capture surely has all that passed. */
  private readonly fromUs: readonly number[];
  private readonly untilUs: readonly number[];
  /** … under traffic that was there before: what the clocks say of its begin is as sure as they are. */
  private readonly watchedFromUs: readonly number[];
  /** From when on all captures have what passes; -Infinity where that is not known. */
  readonly allFromUs: number;
  private readonly allWatchedFromUs: number;
  /** How far apart the clocks of two places may be, after correction. */
  private readonly errorUs: (from: number, to: number) => number;
  private readonly allUntilUs: number;

  constructor(private readonly input: JudgeInput) {
    const { captures, sources } = input;
    const aheadUs = (place: number): number => sources[place]!.options.clockAheadUs;
    this.fromUs = captures.map(({ listeningUs }, place) => (listeningUs ?? -Infinity) - aheadUs(place));
    this.untilUs = captures.map(({ stoppedUs }, place) => (stoppedUs ?? Infinity) - aheadUs(place));
    const errorOf = new Map(input.clocks.map(({ node, errorUs }) => [node, errorUs]));
    this.errorUs = (from, to) => {
      const [one, other] = [captures[from]!.node, captures[to]!.node];
      return one === other ? 0 : (errorOf.get(one) ?? 0) + (errorOf.get(other) ?? 0);
    };
    // A packet's time is by the clock of who saw it, and a capture's begin by its own.
    const unsureUs = Math.min(Math.max(0, ...errorOf.values()), CLOCK_ERROR_US);
    this.watchedFromUs = this.fromUs.map((fromUs) => fromUs + HEAD_US + unsureUs);
    this.allFromUs = Math.max(...this.fromUs);
    this.allWatchedFromUs = Math.max(...this.watchedFromUs);
    this.allUntilUs = Math.min(...this.untilUs);
  }

  settle(slot: number): void {
    const { flight, connections, pieces } = this.input;
    const connection = connections.at(flight.connection[slot]!);
    if (this.isLateCopy(slot)) flight.traits[slot]! |= TRAIT.copy;
    pieces.release(slot, connection);
    const flow = connections.flowOf(connection);
    if (flow !== null) this.count(flow, slot);
    this.unlink(slot, connection);
    connection.inFlight--;
    flight.remove(slot);
  }

  /** Whether no place is left that could show a packet. */
  isComplete(slot: number): boolean {
    const { flight, connections, targets, wholePaths } = this.input;
    const { target } = connections.at(flight.connection[slot]!);
    if (target < 0) return wholePaths.has(flight.set[slot]!);
    return flight.set[slot] === targets[target]!.complete[flight.direction[slot] as 0 | 1];
  }

  /** Whether a packet that a place lacks arrived all the same: the other end has its bytes, which were sent once. */
  private isAcknowledged(slot: number): boolean {
    const { flight, connections } = this.input;
    const isDoubtful = (flight.traits[slot]! & (TRAIT.again | TRAIT.repeated | TRAIT.copy)) !== 0;
    if (isDoubtful || flight.rangeStart[slot] === flight.rangeEnd[slot] || this.isComplete(slot))
      return false;
    const { streams } = connections.at(flight.connection[slot]!);
    return streams[flight.direction[slot] as 0 | 1].isAcknowledged(flight.rangeEnd[slot]!);
  }

  /**
   * Whether a packet that shows in the middle of its way alone is what the network doubled of one that was complete before
   * it came: all of its bytes arrived, and no other frame has them any more.
   */
  private isLateCopy(slot: number): boolean {
    return (this.input.flight.traits[slot]! & TRAIT.orphan) !== 0 && this.isAcknowledged(slot);
  }

  private count(flow: Flow, slot: number): void {
    const { flight, sets, targets, pieces, records } = this.input;
    const { ways } = records;
    const direction = flight.direction[slot]!;
    const row = flow.firstRow + direction;
    const tailUs = targets[flow.target]?.tailUs ?? TAIL_US.watched;
    const { whole, any } = pieces.elsewhere(slot);
    const { sought } = ways;
    sought.set = flight.set[slot]!;
    sought.live = this.liveAt(flight.lastUs[slot]!, tailUs);
    sought.whole = whole;
    sought.any = any;
    sought.isAcknowledged = this.isAcknowledged(slot);
    sought.tooBig = (flight.traits[slot]! & TRAIT.tooBig) !== 0;
    const way = records.wayOf(row);
    ways.count(way, flight, slot);
    const isTimed = flow.target >= 0 || flow.number < MOST_EARLY;
    if (isTimed) ways.noteTime(way, flight, slot);
    const most = this.mostOf(flow, sought.set);
    const isOfWay = ways.keptOf(way) < most.way;
    const isOfStory = records.toldOf(row) < most.story;
    if ((isOfWay || isOfStory) && this.mayKeep(flow)) {
      const packet = this.packetAt(slot);
      if (isOfWay) ways.keep(way, packet);
      if (isOfStory) records.tell(row, packet);
    }
    if (flow.target < 0) records.noteOrder(row, { flight, slot, places: sets.places, errorUs: this.errorUs });
    if (isTimed) records.noteDelays(row, { flight, slot, places: sets.places });
  }

  private mayKeep(flow: Flow): boolean {
    return flow.target >= 0 || this.keptOfOthers++ < MOST_KEPT_OF_OTHERS;
  }

  private packetAt(slot: number): KeptPacket {
    const { flight } = this.input;
    return {
      direction: flight.direction[slot]!,
      sightings: flight.sightings.list(flight.sighting[slot]!),
      ipBytes: flight.ipBytes[slot]!,
    };
  }

  private mostOf(flow: Flow, set: number): (typeof KEPT)[keyof typeof KEPT] {
    if (flow.target >= 0) return KEPT.target;
    if (flow.number < MOST_EARLY) return KEPT.early;
    return this.input.wholePaths.has(set) ? KEPT.whole : KEPT.broken;
  }

  /** The set of places whose captures surely have all that passed at a time; ALL_LIVE where each has. */
  private liveAt(timeUs: number, tailUs: number): number {
    const isWatched = tailUs >= TAIL_US.watched;
    const allFromUs = isWatched ? this.allWatchedFromUs : this.allFromUs;
    if (timeUs >= allFromUs && timeUs <= this.allUntilUs - tailUs && !this.isAnyDamaged()) return ALL_LIVE;
    const fromUs = isWatched ? this.watchedFromUs : this.fromUs;
    const { sets, sources } = this.input;
    let live = 0;
    let isAll = true;
    for (const [place, { damage, lastRecordUs, options }] of sources.entries()) {
      const isCut = damage !== null && timeUs > (lastRecordUs ?? 0) - options.clockAheadUs;
      const isLive = timeUs >= fromUs[place]! && timeUs <= this.untilUs[place]! - tailUs;
      if (isLive && !isCut) live = sets.add(live, place);
      else isAll = false;
    }
    return isAll ? ALL_LIVE : live;
  }

  private isAnyDamaged(): boolean {
    const { sources } = this.input;
    for (let place = 0; place < sources.length; place++) if (sources[place]!.damage !== null) return true;
    return false;
  }

  private unlink(slot: number, connection: Connection): void {
    const { flight } = this.input;
    const older = flight.olderOfStream[slot]!;
    const newer = flight.newerOfStream[slot]!;
    if (older !== NONE) flight.newerOfStream[older] = newer;
    if (newer !== NONE) flight.olderOfStream[newer] = older;
    else connection.streams[flight.direction[slot] as 0 | 1].newest = older;
  }
}
