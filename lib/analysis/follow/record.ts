import { copyInto } from "./tables/columns.js";
import { NONE, type InFlight } from "./flight.js";
import { Ways, type KeptPacket, type Way } from "./ways.js";

const NOTHING: readonly never[] = [];

/** How long packets took from one place to the next that showed them. */
export interface Delay {
  count: number;
  leastUs: number;
  mostUs: number;
  /** The first ones, for the median. */
  readonly sampleUs: number[];
}

/** How many of a direction's first packets took a way, by TTL where that fell, else by time. */
interface Ordered {
  /** `first place × places + last place`. */
  readonly key: number;
  /** The clocks may not be so far apart that it was the other way round. */
  readonly isSure: boolean;
  packets: number;
}

const MOST_SAMPLES = 512;
/** So many packets of a direction say in which order places show it. */
const MOST_ORDERED = 64;

/** All that the places showed of one direction of a flow. */
export interface DirectionRecord {
  readonly direction: number;
  readonly ways: readonly Way[];
  /** The first packets, whatever became of them. */
  readonly story: readonly KeptPacket[];
  readonly order: readonly Ordered[];
  /** By `place × places + next place`; holes where no packet went so. */
  readonly delays: readonly (Delay | undefined)[] | null;
}

/** Of a direction in which nothing was shown. */
export function emptyRecord(direction: number): DirectionRecord {
  return { direction, ways: NOTHING, story: NOTHING, order: NOTHING, delays: null };
}

/** Sets of places, in front of a translation and behind it. */
export interface SetPair {
  readonly front: number;
  readonly behind: number;
}

const FIRST_CAPACITY = 256;
/** So many pairs of sets are remembered, a power of two. */
const PAIRS = 1024;
const LINE = 8;
/** The first way; packets in `story`; packets that were ordered; of the first kind of order its key and how many. */
const [HEAD, TOLD, ORDERED, ORDER_KEY, ORDER_SURE, ORDER_PACKETS] = [0, 1, 2, 3, 4, 5] as const;

/** What the places showed of all flows, in tables. A row is one direction of a flow. */
export class Records {
  readonly ways = new Ways();
  private size = 0;
  private lines = new Int32Array(FIRST_CAPACITY * LINE);
  private readonly stories = new Map<number, KeptPacket[]>();
  /** Where packets of one direction do not all take the same way: the others. */
  private readonly orders = new Map<number, Ordered[]>();
  private readonly pairs = new Array<SetPair | undefined>(PAIRS).fill(undefined);
  private readonly delays = new Map<number, (Delay | undefined)[]>();

  /** A new row. */
  open(): number {
    if (this.size * LINE === this.lines.length)
      this.lines = copyInto(new Int32Array(this.lines.length * 2), this.lines);
    const at = this.size * LINE;
    this.lines[at + HEAD] = NONE;
    this.lines[at + ORDER_KEY] = NONE;
    return this.size++;
  }

  describe(row: number, direction: number): DirectionRecord {
    return {
      direction,
      ways: this.ways.list(this.headOf(row)),
      story: this.stories.get(row) ?? NOTHING,
      order: this.orderOf(row),
      delays: this.delays.get(row) ?? null,
    };
  }

  /** The same object most times: thousands of flows are translated at the same place. */
  pairOf(front: number, behind: number): SetPair {
    const at = (front * 31 + behind) & (PAIRS - 1);
    const known = this.pairs[at];
    if (known?.front === front && known.behind === behind) return known;
    return (this.pairs[at] = { front, behind });
  }

  /** The first of the ways that `ways` lists; NONE: nothing was shown. */
  headOf(row: number): number {
    return this.lines[row * LINE + HEAD]!;
  }

  /** The way of a packet, by `ways.sought`. */
  wayOf(row: number): number {
    const at = row * LINE + HEAD;
    const head = this.lines[at]!;
    const way = this.ways.of(head);
    if (head === NONE) this.lines[at] = way;
    return way;
  }

  /** How many packets `story` has. */
  toldOf(row: number): number {
    return this.lines[row * LINE + TOLD]!;
  }

  tell(row: number, packet: KeptPacket): void {
    const story = this.stories.get(row);
    if (story === undefined) this.stories.set(row, [packet]);
    else story.push(packet);
    this.lines[row * LINE + TOLD]!++;
  }

  noteDelays(
    row: number,
    { flight, slot, places }: { flight: InFlight; slot: number; places: number },
  ): void {
    const { sightings } = flight;
    let at = flight.sighting[slot]!;
    let delays = this.delays.get(row);
    for (let before = sightings.next[at]!; before !== NONE; before = sightings.next[at]!) {
      const key = sightings.place[before]! * places + sightings.place[at]!;
      if (delays === undefined) this.delays.set(row, (delays = []));
      addDelay(delays, key, sightings.timeUs[at]! - sightings.timeUs[before]!);
      at = before;
    }
  }

  /** `errorUs` of two places: how far apart their clocks may be, after correction. */
  noteOrder(
    row: number,
    at: {
      readonly flight: InFlight;
      readonly slot: number;
      readonly places: number;
      readonly errorUs: (from: number, to: number) => number;
    },
  ): void {
    if (this.lines[row * LINE + ORDERED]! >= MOST_ORDERED) return;
    const { sightings, sighting } = at.flight;
    const newest = sighting[at.slot]!;
    if (newest === NONE || sightings.next[newest] === NONE) return;
    // From the newest to the oldest: each router took one off the TTL, whatever the clocks say.
    let [oldest, highest, lowest] = [newest, newest, newest];
    for (let one = newest; one !== NONE; one = sightings.next[one]!) {
      oldest = one;
      if (sightings.ttl[one]! >= sightings.ttl[highest]!) highest = one;
      if (sightings.ttl[one]! < sightings.ttl[lowest]!) lowest = one;
    }
    const byTtl = sightings.ttl[highest]! > sightings.ttl[lowest]!;
    const [first, last] = byTtl ? [highest, lowest] : [oldest, newest];
    const [from, to] = [sightings.place[first]!, sightings.place[last]!];
    const apartUs = sightings.timeUs[last]! - sightings.timeUs[first]!;
    this.vote(row, from * at.places + to, byTtl || apartUs >= at.errorUs(from, to));
  }

  private vote(row: number, key: number, isSure: boolean): void {
    const { lines } = this;
    const at = row * LINE;
    const sure = isSure ? 1 : 0;
    lines[at + ORDERED]!++;
    if (lines[at + ORDER_KEY] === NONE) {
      lines[at + ORDER_KEY] = key;
      lines[at + ORDER_SURE] = sure;
    }
    if (lines[at + ORDER_KEY] === key && lines[at + ORDER_SURE] === sure) {
      lines[at + ORDER_PACKETS]!++;
      return;
    }
    let others = this.orders.get(row);
    if (others === undefined) this.orders.set(row, (others = []));
    const known = others.find((one) => one.key === key && one.isSure === isSure);
    if (known === undefined) others.push({ key, isSure, packets: 1 });
    else known.packets++;
  }

  private orderOf(row: number): readonly Ordered[] {
    const at = row * LINE;
    const key = this.lines[at + ORDER_KEY]!;
    if (key === NONE) return NOTHING;
    const isSure = this.lines[at + ORDER_SURE] === 1;
    return [{ key, isSure, packets: this.lines[at + ORDER_PACKETS]! }, ...(this.orders.get(row) ?? NOTHING)];
  }
}

function addDelay(delays: (Delay | undefined)[], key: number, delayUs: number): void {
  const delay = (delays[key] ??= { count: 0, leastUs: Infinity, mostUs: -Infinity, sampleUs: [] });
  delay.count++;
  if (delayUs < delay.leastUs) delay.leastUs = delayUs;
  if (delayUs > delay.mostUs) delay.mostUs = delayUs;
  if (delay.sampleUs.length < MOST_SAMPLES) delay.sampleUs.push(delayUs);
}
