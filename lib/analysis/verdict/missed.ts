import type { CaptureReading } from "../follow/follow.js";
import type { DirectionTally } from "../follow/tally.js";
import { countGone } from "./coverage.js";
import { nameHop, type Doubts } from "./doubts.js";
import type { DecideInput } from "./input.js";
import type { Break, Outcome } from "./outcome.js";
import { hopOf, type Place } from "./route.js";

interface At {
  readonly input: DecideInput;
  readonly doubts: Doubts;
}

/**
 * Takes off a loss what the capture that alone speaks for it may have missed itself: packets that the kernel dropped
 * before tcpdump read them, packets that tcpdump was given and did not write, and those that it wrote and its file has no
 * more. Where hops behind it did not show the packets either, they speak for the loss: nothing is taken off, but where
 * packets are lost behind it as well, these may have been.
 */
export function discountMissed(outcome: Outcome, tally: DirectionTally, { input, doubts }: At): Outcome {
  const final = tally.order.length - 1;
  const breaks = new Map(outcome.breaks.map((one) => [one.position, one]));
  let taken = 0;
  for (const { position, lost } of outcome.breaks.toSorted((a, b) => a.position - b.position)) {
    const place = tally.order[position + 1]!;
    const known = outcome.spared.at.get(position)?.proven ?? 0;
    const most = mayHaveMissed(input.route.places[place]!, input.found.readings[place]!) - known;
    const missed = Math.max(0, Math.min(lost, most));
    const behind = breaks.get(position + 1);
    if (missed === 0 || (position + 1 < final && behind === undefined)) continue;
    const name = nameHop(hopOf(input.route, place));
    doubts.doubt(`${missed} packets that the capture at ${name} did not show it may have missed itself`);
    add(breaks, position, -missed);
    if (behind === undefined) taken += missed;
    else add(breaks, position + 1, missed);
  }
  return {
    ...outcome,
    breaks: [...breaks.values()]
      .filter(({ lost }) => lost > 0)
      .sort((a, b) => b.lost - a.lost || a.position - b.position),
    lost: outcome.lost - taken,
    undecided: outcome.undecided + taken,
    missed: taken,
  };
}

/** Packets that reached somebody and that places lack: those captures are no witnesses of a loss. */
export function doubtAcknowledged({ spared }: Outcome, tally: DirectionTally, at: At): void {
  const { input, doubts } = at;
  for (const [position, { proven, along }] of spared.at) {
    const before = nameHop(hopOf(input.route, tally.order[position]!));
    const behind = nameHop(hopOf(input.route, tally.order[position + 1]!));
    const others = along === 0 ? "" : ` (with ${along} others, of which nothing would tell)`;
    doubts.doubt(
      `${proven} packets that were seen at ${before} and not at ${behind} were acknowledged by the other end: the capture there missed them, or they took another way${others}`,
    );
  }
}

function add(breaks: Map<number, Break>, position: number, packets: number): void {
  const one = breaks.get(position)!;
  breaks.set(position, { ...one, lost: one.lost + packets, of: one.of + packets });
}

/** At most so many packets may be missing from a capture by the capture's own fault, as tcpdump and its file say. */
export function mayHaveMissed({ record }: Place, reading: CaptureReading): number {
  if (record === null) return 0;
  const { received, captured, droppedByKernel } = record;
  const dropped = droppedByKernel ?? 0;
  const unwritten = received === null || captured === null ? 0 : received - captured - dropped;
  return dropped + Math.max(0, unwritten) + countGone(record, reading);
}
