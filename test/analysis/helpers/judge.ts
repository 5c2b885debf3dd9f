import { analyzeRun, type FindCause } from "../../../lib/analysis/analyze.js";
import type { FlowFinding, Verdict } from "../../../lib/model/findings.js";
import { writeRun, type SimOptions } from "./run.js";

export const noCause: FindCause = () => ({ cause: null, lookedAt: [], caveats: [] });

/** The finding about the one flow of a simulated run. */
export async function judge(test: { testdir(): string }, options: SimOptions): Promise<FlowFinding> {
  const dir = test.testdir();
  writeRun(dir, options);
  const findings = await analyzeRun(dir, { findCause: noCause });
  return findings.flows[0]!;
}

/** A verdict in one line: "lost request 3 → 4 high". */
export function brief({ hops, verdict }: FlowFinding): string {
  const indexOf = (ref: Verdict["lastSeen"]): string =>
    ref === null
      ? "-"
      : String(hops.findIndex((hop) => hop.node === ref.node && hop.interface === ref.interface));
  const { status, direction, lastSeen, firstMissing, confidence } = verdict;
  return `${status} ${direction ?? "-"} ${indexOf(lastSeen)} → ${indexOf(firstMissing)} ${confidence}`;
}
