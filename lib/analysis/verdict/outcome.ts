import type { DirectionTally, KeptPacket } from "../correlate/tally.js";

/** Packets that one hop showed and the next one did not. */
export interface Break {
  /** Of the last hop that showed them, among the direction's captures. */
  readonly position: number;
  readonly lost: number;
  readonly kept: readonly KeptPacket[];
}

/** What became of one direction's packets. */
export interface Outcome {
  /** Position of the first capture that shows any. */
  readonly base: number;
  /** Packets that the first capture showed, and those of them that the last one showed too. */
  readonly sent: number;
  readonly arrived: number;
  /** The largest first. */
  readonly breaks: readonly Break[];
  readonly lost: number;
  /** Not judged: the next hop's capture did not cover their time. */
  readonly undecided: number;
  /** Lost bare ACKs. */
  readonly bareLost: number;
  /** Seen at later hops only. */
  readonly strays: number;
}

/** Sums up a direction: how many packets were sent, arrived, and stopped where. */
export function sumUp(tally: DirectionTally): Outcome {
  const base = tally.ways.reduce((least, { first }) => Math.min(least, first), Infinity);
  const ways = tally.ways.filter(({ first }) => first === base);
  const final = tally.order.length - 1;
  const stopped = ways.filter(({ last }) => last < final);
  const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
  const breaks = stopped
    .map(({ last, packets, undecided, bare, kept }) => ({
      position: last,
      lost: packets - undecided - bare,
      kept,
    }))
    .filter(({ lost }) => lost > 0)
    .sort((a, b) => b.lost - a.lost || a.position - b.position);
  const sent = sum(ways.map(({ packets }) => packets));
  return {
    base: Number.isFinite(base) ? base : 0,
    sent,
    arrived: sum(ways.filter(({ last }) => last === final).map(({ packets }) => packets)),
    breaks,
    lost: sum(breaks.map(({ lost }) => lost)),
    undecided: sum(stopped.map(({ undecided }) => undecided)),
    bareLost: sum(stopped.map(({ bare }) => bare)),
    strays: sum(tally.ways.map(({ packets }) => packets)) - sent,
  };
}
