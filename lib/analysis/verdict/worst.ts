import type { Findings, FlowFinding, VerdictStatus } from "../../model/findings.js";
import type { JudgedFlow } from "./judged.js";
import type { FlowSummary, OtherFlows } from "./others.js";

/** So many flows that nobody asked about are described one by one. */
const MOST_LISTED = 100;
const GRAVITY: readonly VerdictStatus[] = ["lost", "rejected", "unanswered", "inconclusive", "delivered"];

/** The worst first: by status, by how many packets were lost, by how many there were. */
export function chooseWorst(
  others: OtherFlows,
  isWanted: (flow: FlowSummary["flow"]) => boolean = () => true,
): {
  readonly listed: readonly JudgedFlow[];
  readonly rest: readonly FlowSummary[];
} {
  const sorted = others.summaries
    .filter(({ flow }) => isWanted(flow))
    .sort(
      (a, b) => GRAVITY.indexOf(a.status) - GRAVITY.indexOf(b.status) || b.lost - a.lost || b.sent - a.sent,
    );
  const listed = sorted.slice(0, MOST_LISTED).map((summary) => others.judge(summary));
  return { listed, rest: sorted.slice(MOST_LISTED) };
}

/** Puts more findings among others that are sorted already. */
export function mergeWorst(sorted: readonly FlowFinding[], more: readonly FlowFinding[]): FlowFinding[] {
  const rank = ({ verdict }: FlowFinding): number => GRAVITY.indexOf(verdict.status);
  return [...sorted, ...more].sort((a, b) => rank(a) - rank(b));
}

/** `unjudged`: flows that were not even told apart. */
export function countLeftOut(
  rest: readonly FlowSummary[],
  unjudged: number,
): Pick<Findings, "leftOut"> | Record<never, never> {
  if (rest.length + unjudged === 0) return {};
  const statuses: Partial<Record<VerdictStatus, number>> = {};
  for (const { status } of rest) statuses[status] = (statuses[status] ?? 0) + 1;
  return { leftOut: { flows: rest.length + unjudged, statuses } };
}
