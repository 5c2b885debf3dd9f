import { append } from "./append.js";
import type { ClockEstimate } from "./clock.js";
import type { Connection } from "./connection.js";
import type { Connections } from "./connections.js";
import { NONE, type InFlight } from "./flight.js";
import type { Flow } from "./flow.js";
import { OverTime } from "./over-time.js";
import type { Pieces } from "./pieces.js";
import { ALL_LIVE, type DirectionRecord, type KeptPacket, type Way } from "./record.js";
import type { PlaceSets } from "./sets.js";
import type { HopCapture, HopSource } from "./source.js";
import type { Target } from "./target.js";
import { TRAIT } from "./traits.js";

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
/** How long before a capture's end a packet of an unasked flow may be missing from it: tcpdump's buffer. */
const TAIL_US = 1_200_000;

interface JudgeInput {
  readonly flight: InFlight;
  readonly sets: PlaceSets;
  readonly connections: Connections;
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
  private readonly allFromUs: number;
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
    this.allFromUs = Math.max(...this.fromUs);
    this.allUntilUs = Math.min(...this.untilUs);
  }

  settle(slot: number): void {
    const { flight, connections, pieces } = this.input;
    const connection = connections.at(flight.connection[slot]!);
    pieces.release(slot, connection);
    const flow = connections.flowOf(connection);
    if (flow !== null) this.count(flow, slot);
    this.unlink(slot, connection);
    connection.inFlight--;
    flight.remove(slot);
  }

  private count(flow: Flow, slot: number): void {
    const { flight, sets, targets } = this.input;
    const record = flow.records[flight.direction[slot] as 0 | 1];
    const tailUs = targets[flow.target]?.tailUs ?? TAIL_US;
    const live = this.liveAt(flight.lastUs[slot]!, tailUs);
    const way = record.way(flight, slot, { live, elsewhere: this.input.pieces.elsewhere(slot) });
    this.add(way, slot);
    if (flow.target >= 0 || flow.number < MOST_EARLY) this.noteTime(way, slot);
    const most = this.mostOf(flow, way);
    if (way.kept.length < most.way || record.story.length < most.story)
      this.keep(record, way, { slot, flow });
    if (flow.target < 0) record.noteOrder(flight, slot, { places: sets.places, errorUs: this.errorUs });
    if (flow.target >= 0 || flow.number < MOST_EARLY) record.noteDelays(flight, slot, sets.places);
  }

  private add(way: Way, slot: number): void {
    const { flight } = this.input;
    const traits = flight.traits[slot]!;
    const ipBytes = flight.ipBytes[slot]!;
    const firstUs = flight.firstUs[slot]!;
    way.packets++;
    way.bytes += ipBytes;
    if ((traits & TRAIT.bare) !== 0) way.bare++;
    if ((traits & TRAIT.again) !== 0) way.again++;
    if ((traits & TRAIT.opens) !== 0) way.opens++;
    if ((traits & TRAIT.lateReset) !== 0) way.lateResets++;
    if ((traits & TRAIT.copy) !== 0) way.copies++;
    if (ipBytes < way.smallestBytes) way.smallestBytes = ipBytes;
    if (ipBytes > way.largestBytes) way.largestBytes = ipBytes;
    if (firstUs < way.firstUs) way.firstUs = firstUs;
    if (firstUs > way.lastUs) way.lastUs = firstUs;
  }

  private noteTime(way: Way, slot: number): void {
    const { flight } = this.input;
    way.overTime ??= { all: new OverTime(), due: new OverTime() };
    way.overTime.all.note(flight.firstUs[slot]!);
    if ((flight.traits[slot]! & (TRAIT.lateReset | TRAIT.copy)) === 0)
      way.overTime.due.note(flight.firstUs[slot]!);
  }

  private keep(record: DirectionRecord, way: Way, { slot, flow }: { slot: number; flow: Flow }): void {
    const isTarget = flow.target >= 0;
    const most = this.mostOf(flow, way);
    const [ofWay, ofStory] = [way.kept.length < most.way, record.story.length < most.story];
    if (!isTarget) {
      if (this.keptOfOthers >= MOST_KEPT_OF_OTHERS) return;
      this.keptOfOthers++;
    }
    const { flight } = this.input;
    const kept: KeptPacket = {
      direction: record.direction,
      sightings: flight.sightings.list(flight.sighting[slot]!),
      ipBytes: flight.ipBytes[slot]!,
    };
    if (ofWay) way.kept = append(way.kept, kept);
    if (ofStory) record.story = append(record.story, kept);
  }

  private mostOf(flow: Flow, way: Way): (typeof KEPT)[keyof typeof KEPT] {
    if (flow.target >= 0) return KEPT.target;
    if (flow.number < MOST_EARLY) return KEPT.early;
    return this.input.wholePaths.has(way.set) ? KEPT.whole : KEPT.broken;
  }

  /** The set of places whose captures surely have all that passed at a time; ALL_LIVE where each has. */
  private liveAt(timeUs: number, tailUs: number): number {
    if (timeUs >= this.allFromUs && timeUs <= this.allUntilUs - tailUs && !this.isAnyDamaged())
      return ALL_LIVE;
    const { sets, sources } = this.input;
    let live = 0;
    let isAll = true;
    for (const [place, { damage, lastRecordUs, options }] of sources.entries()) {
      const isCut = damage !== null && timeUs > (lastRecordUs ?? 0) - options.clockAheadUs;
      const isLive = timeUs >= this.fromUs[place]! && timeUs <= this.untilUs[place]! - tailUs;
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
