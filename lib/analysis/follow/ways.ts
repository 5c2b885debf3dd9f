import { copyInto } from "./tables/columns.js";
import { NONE, type InFlight } from "./flight.js";
import { OverTime } from "./over-time.js";
import type { Sighting } from "./sightings.js";
import { TRAIT } from "./traits.js";

const FIRST_CAPACITY = 256;
/** Whole numbers of a way: one line of memory, so that a packet that is counted touches no other. */
const LINE = 16;
const [SET, LIVE, WHOLE, ANY, TOO_BIG, NEXT, PACKETS] = [0, 1, 2, 3, 4, 5, 6] as const;
const [BARE, AGAIN, OPENS, LATE_RESETS, COPIES, SMALLEST, LARGEST, KEPT, ACKNOWLEDGED] = [
  7, 8, 9, 10, 11, 12, 13, 14, 15,
] as const;
/** … and what has no room in 32 bits. */
const WIDE = 3;
const [BYTES, FIRST_US, LAST_US] = [0, 1, 2] as const;
const NOTHING: readonly never[] = [];

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
  /** The other end acknowledged their bytes, which were sent once: they arrived, whatever places lack them. */
  readonly isAcknowledged: boolean;
  readonly packets: number;
  readonly bytes: number;
  /** Of `packets`: bare ACKs; retransmissions; the first ones of their connections; late RSTs; what was doubled. */
  readonly bare: number;
  readonly again: number;
  readonly opens: number;
  readonly lateResets: number;
  readonly copies: number;
  readonly smallestBytes: number;
  readonly largestBytes: number;
  readonly firstUs: number;
  readonly lastUs: number;
  /** The first of them. */
  readonly kept: readonly KeptPacket[];
  /** When they were sent: all, and those that would be missed; null: not counted over time. */
  readonly overTime: { readonly all: OverTime; readonly due: OverTime } | null;
}

export const ALL_LIVE = -1;

/** What tells the ways of one direction apart. */
interface WayKey {
  set: number;
  live: number;
  whole: number;
  any: number;
  tooBig: boolean;
  isAcknowledged: boolean;
}

/**
 * The ways of all flows, in tables: there are tens of thousands, and most have one packet or two. A way is a row, those of a
 * direction are a list in the order in which they came, which is the number of its first.
 */
export class Ways {
  /** What is looked for, filled in place. */
  readonly sought: WayKey = { set: 0, live: 0, whole: 0, any: 0, tooBig: false, isAcknowledged: false };
  private size = 0;
  private counts = new Int32Array(FIRST_CAPACITY * LINE);
  private wide = new Float64Array(FIRST_CAPACITY * WIDE);
  private readonly kept = new Map<number, KeptPacket[]>();
  private readonly overTime = new Map<number, { readonly all: OverTime; readonly due: OverTime }>();

  /** The way sought in a list, made at its end where there is none; of an empty list (NONE) its first. */
  of(head: number): number {
    const { sought, counts } = this;
    let last = NONE;
    for (let way = head; way !== NONE; way = counts[way * LINE + NEXT]!) {
      const at = way * LINE;
      last = way;
      if (counts[at + SET] !== sought.set || counts[at + LIVE] !== sought.live) continue;
      if ((counts[at + TOO_BIG] === 1) !== sought.tooBig) continue;
      if ((counts[at + ACKNOWLEDGED] === 1) !== sought.isAcknowledged) continue;
      if (counts[at + WHOLE] === sought.whole && counts[at + ANY] === sought.any) return way;
    }
    const fresh = this.add();
    if (last !== NONE) this.counts[last * LINE + NEXT] = fresh;
    return fresh;
  }

  /** Counts a packet that is judged. */
  count(way: number, flight: InFlight, slot: number): void {
    const { counts, wide } = this;
    const [at, wideAt] = [way * LINE, way * WIDE];
    const traits = flight.traits[slot]!;
    const ipBytes = flight.ipBytes[slot]!;
    const firstUs = flight.firstUs[slot]!;
    counts[at + PACKETS]!++;
    if ((traits & TRAIT.bare) !== 0) counts[at + BARE]!++;
    if ((traits & TRAIT.again) !== 0) counts[at + AGAIN]!++;
    if ((traits & TRAIT.opens) !== 0) counts[at + OPENS]!++;
    if ((traits & TRAIT.lateReset) !== 0) counts[at + LATE_RESETS]!++;
    if ((traits & TRAIT.copy) !== 0) counts[at + COPIES]!++;
    if (ipBytes < counts[at + SMALLEST]!) counts[at + SMALLEST] = ipBytes;
    if (ipBytes > counts[at + LARGEST]!) counts[at + LARGEST] = ipBytes;
    wide[wideAt + BYTES]! += ipBytes;
    if (firstUs < wide[wideAt + FIRST_US]!) wide[wideAt + FIRST_US] = firstUs;
    if (firstUs > wide[wideAt + LAST_US]!) wide[wideAt + LAST_US] = firstUs;
  }

  noteTime(way: number, { firstUs, traits }: InFlight, slot: number): void {
    let times = this.overTime.get(way);
    if (times === undefined) this.overTime.set(way, (times = { all: new OverTime(), due: new OverTime() }));
    times.all.note(firstUs[slot]!);
    if ((traits[slot]! & (TRAIT.lateReset | TRAIT.copy)) === 0) times.due.note(firstUs[slot]!);
  }

  keep(way: number, packet: KeptPacket): void {
    const kept = this.kept.get(way);
    if (kept === undefined) this.kept.set(way, [packet]);
    else kept.push(packet);
    this.counts[way * LINE + KEPT]!++;
  }

  /** How many packets are kept of it. */
  keptOf(way: number): number {
    return this.counts[way * LINE + KEPT]!;
  }

  /** The sets of places that showed any packets. */
  get sets(): ReadonlySet<number> {
    const sets = new Set<number>();
    for (let way = 0; way < this.size; way++) sets.add(this.setOf(way));
    return sets;
  }

  setOf(way: number): number {
    return this.counts[way * LINE + SET]!;
  }

  packetsOf(way: number): number {
    return this.counts[way * LINE + PACKETS]!;
  }

  /** The next one of its list; NONE: it is the last. */
  next(way: number): number {
    return this.counts[way * LINE + NEXT]!;
  }

  /** The ways of a list. */
  list(head: number): Way[] {
    const found: Way[] = [];
    for (let way = head; way !== NONE; way = this.next(way)) found.push(this.describe(way));
    return found;
  }

  private describe(way: number): Way {
    const { counts, wide } = this;
    const [at, wideAt] = [way * LINE, way * WIDE];
    return {
      set: counts[at + SET]!,
      live: counts[at + LIVE]!,
      elsewhere: { whole: counts[at + WHOLE]!, any: counts[at + ANY]! },
      tooBig: counts[at + TOO_BIG] === 1,
      isAcknowledged: counts[at + ACKNOWLEDGED] === 1,
      packets: counts[at + PACKETS]!,
      bytes: wide[wideAt + BYTES]!,
      bare: counts[at + BARE]!,
      again: counts[at + AGAIN]!,
      opens: counts[at + OPENS]!,
      lateResets: counts[at + LATE_RESETS]!,
      copies: counts[at + COPIES]!,
      smallestBytes: counts[at + SMALLEST]!,
      largestBytes: counts[at + LARGEST]!,
      firstUs: wide[wideAt + FIRST_US]!,
      lastUs: wide[wideAt + LAST_US]!,
      kept: this.kept.get(way) ?? NOTHING,
      overTime: this.overTime.get(way) ?? null,
    };
  }

  private add(): number {
    if (this.size * LINE === this.counts.length) this.grow();
    const way = this.size++;
    const { counts, wide, sought } = this;
    const [at, wideAt] = [way * LINE, way * WIDE];
    counts[at + SET] = sought.set;
    counts[at + LIVE] = sought.live;
    counts[at + WHOLE] = sought.whole;
    counts[at + ANY] = sought.any;
    counts[at + TOO_BIG] = sought.tooBig ? 1 : 0;
    counts[at + ACKNOWLEDGED] = sought.isAcknowledged ? 1 : 0;
    counts[at + NEXT] = NONE;
    counts[at + SMALLEST] = 0x7fffffff;
    wide[wideAt + FIRST_US] = Infinity;
    wide[wideAt + LAST_US] = -Infinity;
    return way;
  }

  private grow(): void {
    this.counts = copyInto(new Int32Array(this.counts.length * 2), this.counts);
    this.wide = copyInto(new Float64Array(this.wide.length * 2), this.wide);
  }
}
