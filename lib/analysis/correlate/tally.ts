import { isOurs } from "./identity.js";
import type { InFlight } from "./inflight.js";
import type { Sighting } from "./connections.js";

/** So many packets of each kind are kept for people and for the search for a cause. */
const MOST_KEPT = 64;

/** A packet that is kept: where it was seen, by hop of the direction. */
export interface KeptPacket {
  readonly direction: number;
  readonly sightings: readonly Sighting[];
  readonly ipBytes: number;
}

/** The packets of one way: first seen at position `first`, last seen at `last`, of the direction's hops. */
export interface WayCount {
  readonly first: number;
  readonly last: number;
  packets: number;
  /** Of `packets`: not to be judged, since the next hop's capture did not cover their time. */
  undecided: number;
  /** Of `packets`: bare ACKs, which TCP does without. */
  bare: number;
  /** The first of those that are neither. */
  readonly kept: KeptPacket[];
}

/** What the hops showed of one direction. Own packets only, but for `others`. */
export class DirectionTally {
  readonly ways: WayCount[] = [];
  /** By capture. */
  readonly packets: number[];
  readonly bytes: number[];
  /** By position: packets that the hops before and behind showed, and this one did not. */
  readonly silent: number[];
  /** By capture: packets that carried only bytes shown before. */
  readonly retransmitted: number[];
  /** Packets that were not the same at every hop and were followed by their bytes. */
  split = 0;
  others = 0;
  /** The first packets, whatever became of them. */
  readonly story: KeptPacket[] = [];

  constructor(
    readonly direction: number,
    /** Captures in the direction's order. */
    readonly order: readonly number[],
    captures: number,
  ) {
    this.packets = new Array<number>(captures).fill(0);
    this.bytes = new Array<number>(captures).fill(0);
    this.silent = new Array<number>(order.length).fill(0);
    this.retransmitted = new Array<number>(captures).fill(0);
  }

  /** Counts a packet whose way is known. `seen` has the hops that showed its bytes, itself or in pieces. */
  count(flight: InFlight, slot: number, seen: number, isCovered: (last: number) => boolean): void {
    const mask = flight.mask[slot]!;
    if (!isOurs(flight.own[slot]!)) {
      this.others++;
      return;
    }
    this.countHops(mask, flight.ipBytes[slot]!);
    if (seen !== mask) this.split++;
    const { order } = this;
    let first = 0;
    while ((seen & (1 << order[first]!)) === 0) first++;
    let last = order.length - 1;
    while ((seen & (1 << order[last]!)) === 0) last--;
    for (let position = first + 1; position < last; position++)
      if ((seen & (1 << order[position]!)) === 0) this.silent[position]!++;
    const way = this.way(first, last);
    way.packets++;
    const stopped = last < order.length - 1;
    const bare = flight.bare[slot] !== 0;
    if (stopped && !isCovered(last)) way.undecided++;
    else if (bare) way.bare++;
    else if (stopped && way.kept.length < MOST_KEPT) way.kept.push(this.keep(flight, slot));
    if (this.story.length < MOST_KEPT) this.story.push(this.keep(flight, slot));
  }

  private countHops(mask: number, ipBytes: number): void {
    const { order, packets, bytes } = this;
    for (let position = 0; position < order.length; position++) {
      const capture = order[position]!;
      if ((mask & (1 << capture)) === 0) continue;
      packets[capture]!++;
      bytes[capture]! += ipBytes;
    }
  }

  private way(first: number, last: number): WayCount {
    for (const way of this.ways) if (way.first === first && way.last === last) return way;
    const way: WayCount = { first, last, packets: 0, undecided: 0, bare: 0, kept: [] };
    this.ways.push(way);
    return way;
  }

  private keep(flight: InFlight, slot: number): KeptPacket {
    const sightings: Sighting[] = [];
    const hops = this.packets.length;
    for (const source of this.order) {
      if ((flight.mask[slot]! & (1 << source)) === 0) continue;
      const at = slot * hops + source;
      sightings.push({
        source,
        timeUs: flight.timesUs[at]!,
        frame: flight.frames[at]!,
        recordOffset: flight.offsets[at]!,
      });
    }
    return { direction: this.direction, sightings, ipBytes: flight.ipBytes[slot]! };
  }
}
