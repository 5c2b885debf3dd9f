import type { Findings, FlowFinding, VerdictStatus } from "../../model/findings.js";
import type { JudgedFlow } from "./judged.js";

/** So many flows that nobody asked about are described one by one. */
const MOST_LISTED = 100;
const GRAVITY: readonly VerdictStatus[] = ["lost", "rejected", "unanswered", "inconclusive", "delivered"];

/** The worst first: by status, by how many packets were lost, by how many there were. */
export function chooseWorst(flows: readonly JudgedFlow[]): {
  readonly listed: readonly JudgedFlow[];
  readonly rest: readonly JudgedFlow[];
} {
  const sorted = [...flows].sort(
    (a, b) =>
      GRAVITY.indexOf(a.decision.status) - GRAVITY.indexOf(b.decision.status) ||
      b.decision.lost.packets - a.decision.lost.packets ||
      b.decision.request.sent - a.decision.request.sent,
  );
  return { listed: sorted.slice(0, MOST_LISTED), rest: sorted.slice(MOST_LISTED) };
}

/** Puts more findings among others that are sorted already. */
export function mergeWorst(sorted: readonly FlowFinding[], more: readonly FlowFinding[]): FlowFinding[] {
  const rank = ({ verdict }: FlowFinding): number => GRAVITY.indexOf(verdict.status);
  return [...sorted, ...more].sort((a, b) => rank(a) - rank(b));
}

/** `unjudged`: flows that were not even told apart. */
export function countLeftOut(
  rest: readonly JudgedFlow[],
  unjudged: number,
): Pick<Findings, "leftOut"> | Record<never, never> {
  if (rest.length + unjudged === 0) return {};
  const statuses: Partial<Record<VerdictStatus, number>> = {};
  for (const { decision } of rest) statuses[decision.status] = (statuses[decision.status] ?? 0) + 1;
  return { leftOut: { flows: rest.length + unjudged, statuses } };
}
