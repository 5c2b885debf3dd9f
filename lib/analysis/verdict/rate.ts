import type { RateFinding } from "../../model/findings.js";
import { OverTime } from "../follow/over-time.js";
import type { DirectionTally } from "../follow/tally.js";
import type { Outcome } from "./outcome.js";

/** Of fewer packets the list says all. */
const LEAST_PACKETS = 8;
/** Few packets in many slots show nothing but that they are few. */
const LEAST_SLOTS = 24;

interface Direction {
  readonly tally: DirectionTally;
  readonly outcome: Outcome;
}

/**
 * Packets sent and missing over time; null where nothing was counted over time, or hardly anything, and where captures may
 * have missed some themselves: nobody knows when.
 */
export function describeRate(request: Direction, reply: Direction): RateFinding | null {
  const lanes = [request, reply].map(({ tally, outcome }) => [
    new OverTime().addAll(
      tally.ways.flatMap(({ first, continues, times }) =>
        first === outcome.base && !continues ? times : [],
      ),
    ),
    new OverTime().addAll(outcome.lost === 0 ? [] : outcome.lostWays.flatMap(({ stops }) => stops)),
  ]);
  if ([request, reply].some(({ outcome }, lane) => sum(lanes[lane]![1]!.counts) !== outcome.lost))
    return null;
  const all = new OverTime().addAll(lanes.flat());
  const packets = sum(all.counts);
  if (packets < LEAST_PACKETS) return null;
  while (all.counts.length > Math.max(LEAST_SLOTS, packets / 2)) all.widen();
  const [sent, missing, sentBack, missingBack] = lanes.flat().map((lane) => spread(lane, all));
  return {
    slotMs: all.slotUs / 1000,
    request: { sent: sent!, missing: missing! },
    reply: { sent: sentBack!, missing: missingBack! },
  };
}

/** In the slots of all, which are the widest and begin first. */
function spread(lane: OverTime, all: OverTime): number[] {
  const counts = new Array<number>(all.counts.length).fill(0);
  for (const [index, packets] of lane.counts.entries())
    counts[Math.floor((lane.beginUs + index * lane.slotUs - all.beginUs) / all.slotUs)]! += packets;
  return counts;
}

const sum = (counts: readonly number[]): number => counts.reduce((all, packets) => all + packets, 0);
