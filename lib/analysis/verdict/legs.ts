import type { HopRef, LegFinding } from "../../model/findings.js";
import { REQUEST } from "../follow/ends.js";
import type { Delay } from "../follow/record.js";
import type { DirectionTally, WayCount } from "../follow/tally.js";
import { describeKind } from "./notes.js";
import type { Outcome } from "./outcome.js";
import { hopOf, type Route } from "./route.js";

/** What became of a direction's packets between each two neighbouring hops. */
export function describeLegs(tally: DirectionTally, outcome: Outcome, route: Route): LegFinding[] {
  return tally.order.slice(1).map((to, position) => {
    const broken = outcome.breaks.find((one) => one.position === position);
    const ways = tally.ways.filter(
      ({ first, last, inPiecesAt, uncoveredAt }) =>
        first <= position &&
        last >= position &&
        !inPiecesAt.includes(position) &&
        (last === position || !uncoveredAt.includes(position)),
    );
    const open = (way: WayCount): number =>
      outcome.spared.has(way) ? way.packets - way.carried : way.undecided;
    const undecided = ways.reduce((sum, way) => sum + (way.last === position ? open(way) : 0), 0);
    const passed = ways.reduce(
      (sum, { last, packets, carried }) => sum + (last > position ? packets : carried),
      0,
    );
    const missing = broken?.lost ?? 0;
    const sent = passed + missing;
    return {
      direction: tally.direction === REQUEST ? "request" : "reply",
      from: refTo(route, tally.order[position]!),
      to: refTo(route, to),
      sent,
      missing,
      share: shareOf(missing, sent),
      undecided,
      delayUs: spread(tally.delays[position] ?? null),
      pattern: broken === undefined ? [] : describeKind(broken),
    };
  });
}

/** To four significant digits; 0 of nothing is 0. */
export function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Number((part / whole).toPrecision(4));
}

export function refTo(route: Route, place: number): HopRef {
  const { node, role, interface: name } = hopOf(route, place);
  return { node, role, interface: name };
}

function spread(delay: Delay | null): LegFinding["delayUs"] {
  if (delay === null) return null;
  const sorted = Float64Array.from(delay.sampleUs).sort();
  const round = (value: number): number => Math.round(value);
  return {
    least: round(delay.leastUs),
    median: round(sorted[sorted.length >> 1]!),
    most: round(delay.mostUs),
  };
}
