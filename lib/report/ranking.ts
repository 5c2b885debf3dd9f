import type { Findings, FlowFinding, VerdictStatus } from "../model/findings.js";

/** Worst first: what a person must see before anything else. */
const SEVERITY: readonly VerdictStatus[] = ["lost", "rejected", "unanswered", "inconclusive", "delivered"];

/** A flow with its place in the findings. */
export interface RankedFlow {
  readonly flow: FlowFinding;
  readonly index: number;
}

/** The worst first; of two that are as bad the one that the findings have first. */
export function rankFlows(flows: readonly FlowFinding[]): readonly RankedFlow[] {
  return flows
    .map((flow, index) => ({ flow, index }))
    .sort((a, b) => SEVERITY.indexOf(a.flow.verdict.status) - SEVERITY.indexOf(b.flow.verdict.status))
    .sort((a, b) => troubleOf(a.flow) - troubleOf(b.flow));
}

/** 0: it did not get through. 1: it did, and a detector calls it a failure. 2: it did, with a warning. 3: all is well. */
export function troubleOf(flow: FlowFinding): 0 | 1 | 2 | 3 {
  if (flow.verdict.status !== "delivered") return 0;
  const said = new Set(flow.findings?.map(({ severity }) => severity));
  return said.has("fail") ? 1 : said.has("warn") ? 2 : 3;
}

/** `3 of 5000 flows in trouble`, those that the findings leave out included. */
export function tallyTrouble({ flows, leftOut }: Findings): string {
  const others = Object.entries(leftOut?.statuses ?? {}).filter(([status]) => status !== "delivered");
  const hidden = others.reduce((sum, [, count]) => sum + count, 0);
  const troubled = flows.filter((flow) => troubleOf(flow) < 2).length + hidden;
  return `${troubled} of ${flows.length + (leftOut?.flows ?? 0)} flows in trouble`;
}

/** `2 lost, 1 inconclusive, 40 delivered`. */
export function tallyStatuses(counts: Readonly<Partial<Record<VerdictStatus, number>>>): string {
  return SEVERITY.flatMap((status) => {
    const count = counts[status] ?? 0;
    return count === 0 ? [] : [`${count} ${status}`];
  }).join(", ");
}

/**
 * What a list of `shown` flows leaves out: those that the findings have besides, and those that they leave out
 * themselves. null: nothing.
 */
export function describeLeftOut(
  findings: Findings,
  shown: readonly RankedFlow[],
  how: "listed" | "drawn" = "listed",
): string | null {
  const listed = new Set(shown.map(({ index }) => index));
  const counts: Partial<Record<VerdictStatus, number>> = { ...findings.leftOut?.statuses };
  const others = findings.flows.filter((_, index) => !listed.has(index));
  for (const { verdict } of others) counts[verdict.status] = (counts[verdict.status] ?? 0) + 1;
  const count = others.length + (findings.leftOut?.flows ?? 0);
  if (count === 0) return null;
  const which = tallyStatuses(counts);
  const where = others.length === 0 ? "" : `; ${others.length} of them in findings.json`;
  return `${count} more ${count === 1 ? "flow is" : "flows are"} not ${how} here${which === "" ? "" : `: ${which}`}${where}`;
}
