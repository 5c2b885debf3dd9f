import type { FlowAlike } from "../../model/cause.js";
import type { DetectorInput, Strength } from "./candidate.js";
import { findSpot } from "./spot.js";

/** What a counter's growth says of the loss. */
export interface Weight {
  readonly strength: Strength;
  /** `grew by 4, as many as were lost`. */
  readonly text: string;
}

interface WeighOptions {
  readonly code: string;
  /** Whether the counter counts what another flow lost at the same place. */
  counts(flow: DetectorInput): boolean;
  /** Whether what is counted is known to be this flow's, so that the kernel's word can confirm a larger growth. */
  readonly isOwn: boolean;
}

/**
 * Weighs a counter that all traffic shares: it speaks for the loss when it grew by what this flow lost there,
 * or by what all flows of the run did. null where it grew by less.
 */
export function weighGrowth(growth: number, given: DetectorInput, options: WeighOptions): Weight | null {
  const { input, word } = given;
  const own = Math.max(1, input.lostCount);
  if (growth < own) return null;
  if (growth === own) return { strength: 3, text: `grew by ${growth}, as many as were lost` };
  const alike = (input.alike ?? []).filter((other) => {
    const flow = asFlow(given, other);
    return flow !== null && options.counts(flow);
  });
  const all = alike.reduce((sum, { lostCount }) => sum + lostCount, own);
  const lostBy = alike.length === 0 ? "lost" : `lost here by ${alike.length + 1} flows of this run`;
  if (growth === all) return { strength: 3, text: `grew by ${growth}, as many as were ${lostBy}` };
  const spare = [{ flow: input.flow, lostCount: own, uncertainCount: input.uncertainCount ?? 0 }, ...alike]
    .map(spareOf)
    .reduce((sum, count) => sum + count, 0);
  if (growth > all && growth <= all + spare)
    return {
      strength: 2,
      text: `grew by ${growth}: the ${all} ${lostBy}, and what came before or after the captures`,
    };
  const isConfirmed = options.isOwn && word?.matched === word?.of && word?.codes.includes(options.code);
  const text = `grew by ${growth}, more than the ${all} ${lostBy}: it counts what is not of this flow as well`;
  return { strength: isConfirmed === true ? 1 : 0, text };
}

/** TCP sends once more what it got no answer for, also when nobody captures any more: each time later than before. */
function spareOf({
  flow,
  lostCount,
  uncertainCount,
}: Pick<FlowAlike, "flow" | "lostCount" | "uncertainCount">): number {
  return uncertainCount + (flow.protocol === "tcp" ? Math.max(1, Math.floor(lostCount / 2)) : 0);
}

/** Another flow in this one's place; null where it ended in another namespace. */
function asFlow(given: DetectorInput, other: FlowAlike): DetectorInput | null {
  const input = { ...given.input, ...other };
  const spot = findSpot(input);
  if (spot === null || JSON.stringify(spot.netns) !== JSON.stringify(given.spot.netns)) return null;
  return { ...given, input, spot };
}
