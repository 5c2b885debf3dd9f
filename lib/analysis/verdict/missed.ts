import type { DirectionTally } from "../follow/tally.js";
import { nameHop, type Doubts } from "./doubts.js";
import type { DecideInput } from "./input.js";
import type { Break, Outcome } from "./outcome.js";
import { hopOf, type Place } from "./route.js";

/**
 * Takes off a loss what the capture that alone speaks for it may have missed itself: packets that the kernel dropped
 * before tcpdump read them, and packets that tcpdump was given and did not write. Where hops behind it did not show the
 * packets either, they speak for the loss, and nothing is taken off.
 */
export function discountMissed(
  outcome: Outcome,
  tally: DirectionTally,
  { input, doubts }: { input: DecideInput; doubts: Doubts },
): Outcome {
  const final = tally.order.length - 1;
  const last = outcome.breaks.find(({ position }) => position === final - 1);
  if (last === undefined) return outcome;
  const place = tally.order[final]!;
  const missed = Math.min(last.lost, mayHaveMissed(input.route.places[place]!));
  if (missed === 0) return outcome;
  const name = nameHop(hopOf(input.route, place));
  doubts.doubt(`${missed} packets that the capture at ${name} did not show it may have missed itself`);
  const breaks = outcome.breaks
    .map((one): Break => (one === last ? { ...one, lost: one.lost - missed, of: one.of - missed } : one))
    .filter(({ lost }) => lost > 0)
    .sort((a, b) => b.lost - a.lost || a.position - b.position);
  return { ...outcome, breaks, lost: outcome.lost - missed, undecided: outcome.undecided + missed };
}

/** At most so many packets may be missing from a capture by the capture's own fault, as tcpdump says. */
export function mayHaveMissed({ record }: Place): number {
  if (record === null) return 0;
  const { received, captured, droppedByKernel } = record;
  const dropped = droppedByKernel ?? 0;
  const unwritten = received === null || captured === null ? 0 : received - captured - dropped;
  return dropped + Math.max(0, unwritten);
}
