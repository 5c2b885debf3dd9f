import type { OverTime } from "./over-time.js";
import type { Delay, DirectionRecord } from "./record.js";
import type { PlaceSets } from "./sets.js";
import { ALL_LIVE, type KeptPacket, type Way } from "./ways.js";

/** So many packets of each kind are kept for people and for the search for a cause. */
const MOST_KEPT = 64;

/** The packets of one way: first seen at position `first`, last seen at `last`, of the direction's hops. */
export interface WayCount {
  readonly first: number;
  readonly last: number;
  /** Their bytes came from frames before `first`, which were cut otherwise. */
  readonly continues: boolean;
  /** A router said that they were too big. */
  readonly tooBig: boolean;
  /** The other end has them, though no place behind `last` shows them. */
  readonly isAcknowledged: boolean;
  /** Positions between first and last that showed their bytes in frames cut otherwise: not these packets. */
  readonly inPiecesAt: readonly number[];
  /** Positions whose next hop's capture did not cover their time: there is nothing to compare them with. */
  readonly uncoveredAt: readonly number[];
  packets: number;
  /** Of `packets`: not to be judged, since the next hop's capture did not cover their time. */
  undecided: number;
  /** Of `packets`: their bytes went on in other frames behind `last`. */
  carried: number;
  /** Of `packets`: bare ACKs; retransmissions; the first of their connections; RSTs. */
  bare: number;
  again: number;
  opens: number;
  lateResets: number;
  /** Of `packets`: what the network had doubled, of which the other one is counted too. */
  copies: number;
  smallestBytes: number;
  largestBytes: number;
  firstUs: number;
  lastUs: number;
  /** When they were sent: all, and those that are missed behind `last`. */
  readonly times: OverTime[];
  readonly stops: OverTime[];
  /** The first of those that stopped here and are judged, or came to the end. */
  readonly kept: KeptPacket[];
}

/** What the hops showed of one direction, by their positions on its way. */
export interface DirectionTally {
  readonly direction: number;
  /** Places in the direction's order, without those that show none of it though hops before and behind do. */
  readonly order: readonly number[];
  readonly ways: readonly WayCount[];
  /** By place. */
  readonly packets: readonly number[];
  readonly bytes: readonly number[];
  /** By place: packets that the hops before and behind showed, and this one did not. */
  readonly silent: ReadonlyMap<number, number>;
  /** By position: delay from the hop at it to the next one that shows the packet. */
  readonly delays: readonly (Delay | null)[];
  readonly again: number;
  /** Frames whose bytes went on in frames cut otherwise. */
  readonly split: number;
  /** The first packets, whatever became of them. */
  readonly story: readonly KeptPacket[];
}

/**
 * Puts what places showed in the order of a way; places beside it do not count, nor those that show nothing of it and that
 * packets are known to pass by unseen.
 */
export function tallyDirection(
  record: DirectionRecord,
  order: readonly number[],
  sets: PlaceSets,
  passedBy: ReadonlySet<number> = new Set(),
): DirectionTally {
  const all = tallyOrder(record, order, sets);
  // A place that shows nothing of a direction (eBPF passes it by) says nothing of what is lost there.
  const telling = order.filter(
    (place) => all.packets[place]! > 0 || !(all.silent.has(place) || passedBy.has(place)),
  );
  if (telling.length === order.length || telling.length === 0) return all;
  return { ...tallyOrder(record, telling, sets), silent: all.silent };
}

function tallyOrder(record: DirectionRecord, order: readonly number[], sets: PlaceSets): DirectionTally {
  const ways: WayCount[] = [];
  const packets = new Array<number>(sets.places).fill(0);
  const bytes = new Array<number>(sets.places).fill(0);
  const silent = new Map<number, number>();
  let [again, split] = [0, 0];
  for (const way of record.ways) {
    const seen = order.map((place) => sets.has(way.set, place));
    const [first, last] = [seen.indexOf(true), seen.lastIndexOf(true)];
    if (first < 0) continue;
    const inPieces = order.map((place) => sets.has(way.elsewhere.whole, place));
    for (let position = first; position <= last; position++) {
      const place = order[position]!;
      if (!seen[position]) {
        if (!inPieces[position]) silent.set(place, (silent.get(place) ?? 0) + way.packets);
        continue;
      }
      packets[place]! += way.packets;
      bytes[place]! += way.bytes;
    }
    const isCarried = inPieces.lastIndexOf(true) > last;
    const continues = order.slice(0, first).some((place) => sets.has(way.elsewhere.any, place));
    if (!continues) again += way.again;
    if (isCarried) split += way.packets;
    const gaps = seen.flatMap((is, at) => (!is && inPieces[at] && at > first && at < last ? [at] : []));
    const uncoveredAt = findUncovered(way, { first, last, order, sets });
    const { tooBig } = way;
    const isAcknowledged = way.isAcknowledged && !isCarried && last < order.length - 1;
    const into = findWay(ways, {
      ...{ first, last, continues, tooBig, isAcknowledged, inPiecesAt: gaps, uncoveredAt },
    });
    const isUndecided = !isCarried && uncoveredAt.includes(last);
    addWay(into, way, { isCarried, isUndecided });
  }
  return {
    direction: record.direction,
    order,
    ways,
    packets,
    bytes,
    silent,
    delays: order.map((place, position) =>
      delayAfter(record, order, { place, position, places: sets.places }),
    ),
    again,
    split,
    story: record.story,
  };
}

function findUncovered(
  { live }: Way,
  at: {
    readonly first: number;
    readonly last: number;
    readonly order: readonly number[];
    readonly sets: PlaceSets;
  },
): readonly number[] {
  if (live === ALL_LIVE) return [];
  const { first, last, order, sets } = at;
  return order
    .map((_, position) => position)
    .slice(first, Math.min(last + 1, order.length - 1))
    .filter((position) => !sets.has(live, order[position + 1]!));
}

const isSameList = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index]);

function findWay(
  ways: WayCount[],
  key: Pick<
    WayCount,
    "first" | "last" | "continues" | "tooBig" | "isAcknowledged" | "inPiecesAt" | "uncoveredAt"
  >,
): WayCount {
  const known = ways.find(
    (one) =>
      one.first === key.first &&
      one.last === key.last &&
      one.continues === key.continues &&
      one.tooBig === key.tooBig &&
      one.isAcknowledged === key.isAcknowledged &&
      isSameList(one.inPiecesAt, key.inPiecesAt) &&
      isSameList(one.uncoveredAt, key.uncoveredAt),
  );
  if (known !== undefined) return known;
  const fresh: WayCount = {
    ...key,
    packets: 0,
    undecided: 0,
    carried: 0,
    bare: 0,
    again: 0,
    opens: 0,
    lateResets: 0,
    copies: 0,
    smallestBytes: Infinity,
    largestBytes: 0,
    firstUs: Infinity,
    lastUs: -Infinity,
    times: [],
    stops: [],
    kept: [],
  };
  ways.push(fresh);
  return fresh;
}

function addWay(into: WayCount, way: Way, is: { isCarried: boolean; isUndecided: boolean }): void {
  into.packets += way.packets;
  if (is.isUndecided) into.undecided += way.packets;
  if (is.isCarried) into.carried += way.packets;
  into.bare += way.bare;
  into.again += way.again;
  into.opens += way.opens;
  into.lateResets += way.lateResets;
  into.copies += way.copies;
  into.smallestBytes = Math.min(into.smallestBytes, way.smallestBytes);
  into.largestBytes = Math.max(into.largestBytes, way.largestBytes);
  into.firstUs = Math.min(into.firstUs, way.firstUs);
  into.lastUs = Math.max(into.lastUs, way.lastUs);
  if (way.overTime !== null) into.times.push(way.overTime.all);
  if (is.isCarried || is.isUndecided) return;
  if (way.overTime !== null) into.stops.push(way.overTime.due);
  into.kept.push(...way.kept.slice(0, MOST_KEPT - into.kept.length));
}

function delayAfter(
  record: DirectionRecord,
  order: readonly number[],
  at: { place: number; position: number; places: number },
): Delay | null {
  const next = order[at.position + 1];
  return next === undefined ? null : (record.delays?.[at.place * at.places + next] ?? null);
}
