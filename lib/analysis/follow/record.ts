import { append } from "./append.js";
import { NONE, type InFlight } from "./flight.js";
import type { OverTime } from "./over-time.js";
import type { Sighting } from "./sightings.js";
import { TRAIT } from "./traits.js";

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
  /** Sets of places that showed all, or some, of their bytes in frames cut otherwise (GSO, GRO, fragments). */
  readonly elsewhere: { readonly whole: number; readonly any: number };
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
  kept: readonly KeptPacket[];
  /** When they were sent: all, and those that would be missed; null: not counted over time. */
  overTime: { readonly all: OverTime; readonly due: OverTime } | null;
}

export const ALL_LIVE = -1;

const NOTHING: readonly never[] = [];

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
  ways: Way[] = [];
  /** The first packets, whatever became of them. */
  story: readonly KeptPacket[] = NOTHING;
  /**
   * By `first place × places + last place`: how many of the first packets took that way by TTL where that fell, else by
   * time: surely, where the clocks may not be so far apart.
   */
  order: readonly { readonly key: number; readonly isSure: boolean; packets: number }[] = NOTHING;
  private ordered = 0;
  /** By `place × places + next place`; holes where no packet went so. */
  delays: (Delay | undefined)[] | null = null;

  constructor(readonly direction: number) {}

  /** The way that a packet took, by the captures that covered its time. */
  way(flight: InFlight, slot: number, seen: Pick<Way, "live" | "elsewhere">): Way {
    const set = flight.set[slot]!;
    const tooBig = (flight.traits[slot]! & TRAIT.tooBig) !== 0;
    const { live, elsewhere } = seen;
    const { ways } = this;
    for (let index = 0; index < ways.length; index++) {
      const way = ways[index]!;
      if (way.set !== set || way.live !== live || way.tooBig !== tooBig) continue;
      if (way.elsewhere.whole === elsewhere.whole && way.elsewhere.any === elsewhere.any) return way;
    }
    const fresh: Way = {
      set,
      live,
      elsewhere,
      tooBig,
      packets: 0,
      bytes: 0,
      bare: 0,
      again: 0,
      opens: 0,
      lateResets: 0,
      copies: 0,
      smallestBytes: flight.ipBytes[slot]!,
      largestBytes: 0,
      firstUs: flight.firstUs[slot]!,
      lastUs: flight.firstUs[slot]!,
      kept: NOTHING,
      overTime: null,
    };
    // Most have one way, and a list that one is pushed to makes room for seventeen.
    if (ways.length === 0) this.ways = [fresh];
    else ways.push(fresh);
    return fresh;
  }

  noteDelays(flight: InFlight, slot: number, places: number): void {
    const { sightings } = flight;
    let at = flight.sighting[slot]!;
    for (let before = sightings.next[at]!; before !== NONE; before = sightings.next[at]!) {
      const key = sightings.place[before]! * places + sightings.place[at]!;
      addDelay((this.delays ??= []), key, sightings.timeUs[at]! - sightings.timeUs[before]!);
      at = before;
    }
  }

  /** `errorUs` of two places: how far apart their clocks may be, after correction. */
  noteOrder(
    flight: InFlight,
    slot: number,
    at: { readonly places: number; readonly errorUs: (from: number, to: number) => number },
  ): void {
    if (this.ordered >= MOST_ORDERED) return;
    const { sightings } = flight;
    const newest = flight.sighting[slot]!;
    if (newest === NONE || sightings.next[newest] === NONE) return;
    // From the newest to the oldest: each router took one off the TTL, whatever the clocks say.
    let [oldest, highest, lowest] = [newest, newest, newest];
    for (let at = newest; at !== NONE; at = sightings.next[at]!) {
      oldest = at;
      if (sightings.ttl[at]! >= sightings.ttl[highest]!) highest = at;
      if (sightings.ttl[at]! < sightings.ttl[lowest]!) lowest = at;
    }
    const byTtl = sightings.ttl[highest]! > sightings.ttl[lowest]!;
    const [first, last] = byTtl ? [highest, lowest] : [oldest, newest];
    const [from, to] = [sightings.place[first]!, sightings.place[last]!];
    const apartUs = sightings.timeUs[last]! - sightings.timeUs[first]!;
    const isSure = byTtl || apartUs >= at.errorUs(from, to);
    const key = from * at.places + to;
    this.ordered++;
    const known = this.order.find((one) => one.key === key && one.isSure === isSure);
    if (known === undefined) this.order = append(this.order, { key, isSure, packets: 1 });
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
