import type { KeptPacket } from "../follow/ways.js";
import type { DirectionTally, WayCount } from "../follow/tally.js";
import { spareAcknowledged, type Spared } from "./acknowledged.js";

/** So many of the lost packets are kept for people and for the search for a cause. */
const MOST_KEPT = 64;

/** So many that were too big and were sent again so: one may cross with the error on the way. */
const LEAST_DEAF = 2;

/** Packets that one hop showed and the next one did not. */
export interface Break {
  /** Of the last hop that showed them, among the direction's captures. */
  readonly position: number;
  readonly lost: number;
  /** Packets that this hop showed, and of which it is known whether they came on. */
  readonly of: number;
  /** Of `lost`: bare ACKs; retransmissions; the first packets of their connections. */
  readonly bare: number;
  readonly again: number;
  readonly opens: number;
  /** IP packets in bytes: of the lost ones the smallest, of those that came on the largest (0: none did). */
  readonly smallestLostBytes: number;
  readonly largestPassedBytes: number;
  readonly kept: readonly KeptPacket[];
}

/** What became of one direction's packets. */
export interface Outcome {
  /** Position of the first capture that shows any. */
  readonly base: number;
  /** Packets that the first capture showed, and those of all that came to the last one, whole or in other frames. */
  readonly sent: number;
  readonly arrived: number;
  /** The largest first. */
  readonly breaks: readonly Break[];
  readonly lost: number;
  /** Those of which any are lost. */
  readonly lostWays: readonly WayCount[];
  /** Not judged: the next hop's capture did not cover their time. */
  readonly undecided: number;
  /** Of `undecided`: the next hop's capture may have missed them itself. */
  readonly missed: number;
  /** Not judged either: they went on where nobody captured it. */
  readonly spared: Spared;
  /** RSTs of connections that were over, which firewalls may drop without harm. */
  readonly lateResets: number;
  /** Too big for a hop on the way, which said so; smaller ones came on from there afterwards. */
  readonly shrunk: number;
  /** Seen at later hops only. */
  readonly strays: number;
}

/** Sums up a direction: how many packets were sent, arrived, and stopped where. */
export function sumUp(tally: DirectionTally): Outcome {
  const fresh = tally.ways.filter(({ continues }) => !continues);
  const base = fresh.reduce((least, { first }) => Math.min(least, first), Infinity);
  const final = tally.order.length - 1;
  // Smaller ones came on from where it stopped, whatever became of them behind that.
  const isFollowed = ({ last, firstUs }: WayCount): boolean =>
    tally.ways.some((way) => way.last > last && way.packets > way.bare && way.lastUs > firstUs);
  // Who sends them again as they are has not heard of it.
  const isShrunk = (way: WayCount): boolean => way.tooBig && way.again < LEAST_DEAF && isFollowed(way);
  const sum = (ways: readonly WayCount[], of: (way: WayCount) => number): number =>
    ways.reduce((total, way) => total + of(way), 0);
  const sentWays = fresh.filter(({ first }) => first === base);
  const arrived = sum(sentWays, ({ last, packets, carried }) => (last === final ? packets : carried));
  const spared = spareAcknowledged(tally);
  const lostOf = (way: WayCount): number =>
    way.last === final || isShrunk(way) || spared.has(way)
      ? 0
      : Math.max(0, way.packets - way.undecided - way.carried - way.lateResets - way.copies);
  const breaks = tally.order
    .map((_, position) => breakAt(tally, position, lostOf))
    .filter(({ lost }) => lost > 0)
    .sort((a, b) => b.lost - a.lost || a.position - b.position);
  const stopped = tally.ways.filter((way) => way.last < final);
  const sent = sum(sentWays, ({ packets }) => packets);
  const lost = breaks.reduce((total, one) => total + one.lost, 0);
  return {
    base: Number.isFinite(base) ? base : 0,
    sent,
    arrived,
    breaks,
    lost,
    lostWays: tally.ways.filter((way) => lostOf(way) > 0),
    undecided: sum(stopped, (way) => (spared.has(way) ? 0 : way.undecided)),
    missed: 0,
    spared,
    lateResets: sum(stopped, ({ lateResets }) => lateResets),
    shrunk: sum(stopped.filter(isShrunk), ({ packets }) => packets),
    strays: sum(fresh, ({ packets }) => packets) - sent,
  };
}

function breakAt(tally: DirectionTally, position: number, lostOf: (way: WayCount) => number): Break {
  let [lost, of, bare, again, opens] = [0, 0, 0, 0, 0];
  let [smallestLostBytes, largestPassedBytes] = [Infinity, 0];
  const kept: KeptPacket[] = [];
  for (const way of tally.ways) {
    if (way.first > position || way.last < position || way.inPiecesAt.includes(position)) continue;
    if (way.last > position && way.uncoveredAt.includes(position)) continue;
    const missing = way.last === position ? lostOf(way) : 0;
    of += way.last === position ? missing + way.carried : way.packets;
    if (missing > 0) {
      lost += missing;
      bare += Math.min(way.bare, missing);
      again += Math.min(way.again, missing);
      opens += Math.min(way.opens, missing);
      smallestLostBytes = Math.min(smallestLostBytes, way.smallestBytes);
      kept.push(...way.kept.slice(0, MOST_KEPT - kept.length));
    } else if (way.last > position) largestPassedBytes = Math.max(largestPassedBytes, way.largestBytes);
  }
  return { position, lost, of, bare, again, opens, smallestLostBytes, largestPassedBytes, kept };
}
