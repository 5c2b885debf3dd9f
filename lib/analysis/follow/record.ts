import { NONE, TRAIT, type InFlight } from "./flight.js";
import type { Sighting } from "./sightings.js";

/** A packet that is kept: where it was seen. */
export interface KeptPacket {
  readonly direction: number;
  readonly sightings: readonly Sighting[];
  readonly ipBytes: number;
}

/** Transmissions of one direction that the same places have shown. */
export interface Way {
  /** Which places: a set of `PlaceSets`. */
  readonly set: number;
  /** Which captures covered their time; ALL_LIVE: every one. */
  readonly live: number;
  /** A place that showed their bytes in frames cut otherwise (GSO, GRO, fragments); NONE (-1): there is none. */
  readonly born: Link;
  readonly carried: Link;
  /** A router said that they were too big. */
  readonly tooBig: boolean;
  packets: number;
  bytes: number;
  /** Of `packets`: bare ACKs; retransmissions; the first ones of their connections; late RSTs; what was doubled. */
  bare: number;
  again: number;
  opens: number;
  lateResets: number;
  copies: number;
  smallestBytes: number;
  largestBytes: number;
  firstUs: number;
  lastUs: number;
  /** The first of them. */
  readonly kept: KeptPacket[];
}

export const ALL_LIVE = -1;

/** A place that showed the same bytes in other frames, -1: none; and whether it showed all of them. */
export interface Link {
  readonly place: number;
  readonly isWhole: boolean;
}

/** How long packets took from one place to the next that showed them. */
export interface Delay {
  count: number;
  leastUs: number;
  mostUs: number;
  /** The first ones, for the median. */
  readonly sampleUs: number[];
}

const MOST_SAMPLES = 512;
/** So many packets of a direction say in which order places show it. */
const MOST_ORDERED = 64;

/** All that the places showed of one direction of a flow. */
export class DirectionRecord {
  readonly ways: Way[] = [];
  /** The first packets, whatever became of them. */
  readonly story: KeptPacket[] = [];
  /**
   * By `first place × places + last place`: how many of the first packets took that way by time, or by TTL where that fell.
   */
  readonly order: { readonly key: number; packets: number }[] = [];
  private ordered = 0;
  /** By `place × places + next place`; holes where no packet went so. */
  readonly delays: (Delay | undefined)[] = [];

  constructor(readonly direction: number) {}

  /** The way that a packet took, by the captures that covered its time. */
  way(flight: InFlight, slot: number, live: number): Way {
    const set = flight.set[slot]!;
    const tooBig = (flight.traits[slot]! & TRAIT.tooBig) !== 0;
    const bornAt = flight.bornAt[slot]!;
    const carriedAt = flight.carriedAt[slot]!;
    const bytes = flight.rangeEnd[slot]! - flight.rangeStart[slot]!;
    const isBornWhole = bornAt !== NONE && flight.bornBytes[slot]! >= bytes;
    const isCarriedWhole = carriedAt !== NONE && flight.carriedBytes[slot]! >= bytes;
    const { ways } = this;
    for (let index = 0; index < ways.length; index++) {
      const way = ways[index]!;
      if (way.set !== set || way.live !== live || way.tooBig !== tooBig) continue;
      if (way.born.place !== bornAt || way.carried.place !== carriedAt) continue;
      if (way.born.isWhole === isBornWhole && way.carried.isWhole === isCarriedWhole) return way;
    }
    const fresh: Way = {
      set,
      live,
      born: { place: bornAt, isWhole: isBornWhole },
      carried: { place: carriedAt, isWhole: isCarriedWhole },
      tooBig,
      packets: 0,
      bytes: 0,
      bare: 0,
      again: 0,
      opens: 0,
      lateResets: 0,
      copies: 0,
      smallestBytes: Infinity,
      largestBytes: 0,
      firstUs: Infinity,
      lastUs: -Infinity,
      kept: [],
    };
    this.ways.push(fresh);
    return fresh;
  }

  noteDelays(flight: InFlight, slot: number, places: number): void {
    const { sightings } = flight;
    for (let at = flight.sighting[slot]!; ;) {
      const before = sightings.next[at]!;
      if (before === NONE) return;
      const key = sightings.place[before]! * places + sightings.place[at]!;
      addDelay(this.delays, key, sightings.timeUs[at]! - sightings.timeUs[before]!);
      at = before;
    }
  }

  noteOrder(flight: InFlight, slot: number, places: number): void {
    if (this.ordered >= MOST_ORDERED) return;
    const { sightings } = flight;
    const newest = flight.sighting[slot]!;
    let oldest = newest;
    while (sightings.next[oldest] !== NONE) oldest = sightings.next[oldest]!;
    if (oldest === newest) return;
    const byTtl = sightings.ttl[newest]! > sightings.ttl[oldest]!;
    const [first, last] = byTtl ? [newest, oldest] : [oldest, newest];
    const key = sightings.place[first]! * places + sightings.place[last]!;
    this.ordered++;
    const known = this.order.find((one) => one.key === key);
    if (known === undefined) this.order.push({ key, packets: 1 });
    else known.packets++;
  }
}

function addDelay(delays: (Delay | undefined)[], key: number, delayUs: number): void {
  const delay = (delays[key] ??= { count: 0, leastUs: Infinity, mostUs: -Infinity, sampleUs: [] });
  delay.count++;
  if (delayUs < delay.leastUs) delay.leastUs = delayUs;
  if (delayUs > delay.mostUs) delay.mostUs = delayUs;
  if (delay.sampleUs.length < MOST_SAMPLES) delay.sampleUs.push(delayUs);
}
