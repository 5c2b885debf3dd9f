import type { FlowFinding, HopFinding, HopRef, LegFinding } from "../model/findings.js";
import { formatShare } from "./numbers.js";

/** What is said of the legs between hops, raw. */

type Lane = LegFinding["direction"];

/**
 * The leg between `hops[at]` and the hop behind it, of packets that go in `direction`; undefined where the findings have
 * none. `hops` is one of the flow's two lists.
 */
export function findLeg(
  flow: FlowFinding,
  hops: readonly HopFinding[],
  { at, direction }: { readonly at: number; readonly direction: Lane },
): LegFinding | undefined {
  const [left, right] = [hops[at], hops[at + 1]];
  if (left === undefined || right === undefined) return undefined;
  const isBackwards = direction === "reply" && hops === flow.hops;
  const [from, to] = isBackwards ? [right, left] : [left, right];
  const legs = legsOf(flow, direction);
  const fits = (leg: LegFinding | undefined): boolean =>
    leg !== undefined && isSameHop(leg.from, from) && isSameHop(leg.to, to);
  // A way may pass a hop twice: the place in the order decides where there is one leg for each two hops.
  const inOrder = legs.length === hops.length - 1 ? legs[isBackwards ? hops.length - 2 - at : at] : undefined;
  return fits(inOrder) ? inOrder : legs.find(fits);
}

export function legsOf(flow: FlowFinding, direction: Lane): readonly LegFinding[] {
  return (flow.legs ?? []).filter((leg) => leg.direction === direction);
}

/** Where transmissions went missing, the most of them first. */
export function lossyLegs(flow: FlowFinding): readonly LegFinding[] {
  return (flow.legs ?? [])
    .filter(({ missing }) => missing > 0)
    .sort((a, b) => b.missing - a.missing || b.share - a.share);
}

/** `24 of 72 (33.3 %)`. */
export function describeMissing({ missing, sent }: Pick<LegFinding, "missing" | "sent">): string {
  return sent === 0 ? `${missing} of ${sent}` : `${missing} of ${sent} (${formatShare(missing / sent)})`;
}

export function isSameHop(a: HopRef, b: HopRef): boolean {
  return a.node === b.node && a.role === b.role && a.interface === b.interface;
}

/** `vxlan.calico (tunnel)`. */
function nameHop(hop: HopRef): string {
  return `${hop.interface} (${hop.role})`;
}

/** `vxlan.calico (tunnel) on node-a`. */
export function placeHop(hop: HopRef | null): string {
  return hop === null ? "an unknown hop" : `${nameHop(hop)} on ${hop.node}`;
}

/** `on node-a between eth0 (pod) and cali1 (host-veth)`, `between … on node-a and … on node-b`. */
export function placeBetween(from: HopRef, to: HopRef): string {
  if (from.node === to.node) return `on ${from.node} between ${nameHop(from)} and ${nameHop(to)}`;
  return `between ${placeHop(from)} and ${placeHop(to)}`;
}
