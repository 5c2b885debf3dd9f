import type { CauseInput, CauseResult } from "../model/cause.js";
import type { Naming } from "../model/naming.js";
import type { Findings, HopRef, VerdictStatus } from "../model/findings.js";
import { findCause as findCauseInState } from "./cause/index.js";
import { loadPaths, loadRun, readRunText } from "./evidence/load.js";
import { compareFlows } from "./verdict/ended.js";
import { describeFlow, judgeFlow, refOf, type FindFlowCause } from "./verdict/flow.js";
import type { JudgedFlow } from "./verdict/judged.js";

export type FindCause = (input: CauseInput) => CauseResult;

export interface AnalyzeOptions {
  /** Looks for the cause of each verdict. Default: in the nodes' state and the kernel's drop events. */
  readonly findCause?: FindCause;
  /** By which names the nodes' firewalls tell whose their rules are. Default: none. */
  readonly namings?: readonly Naming[];
}

/**
 * A run's findings from its folder alone: no cluster, no clock, nothing written. `checks` is left empty.
 *
 * Throws EVIDENCE_INVALID where evidence/run.json or evidence/flows.json is missing or damaged. Anything
 * else that is missing makes the findings incomplete, with a sentence each.
 */
export async function analyzeRun(dir: string, options: AnalyzeOptions = {}): Promise<Findings> {
  const { run, paths, state, drops, incomplete } = loadRun(dir);
  const { namings = [] } = options;
  const search = options.findCause ?? findCauseInState;
  const findCause: FindFlowCause = (input) =>
    search({ ...input, state, drops, namings, readText: (path) => readRunText(dir, path) });
  const reasons = [...run.incomplete, ...incomplete];
  const judgedFlows: JudgedFlow[] = [];
  for (const flow of paths.flows) {
    const judged = judgeFlow({ flow, records: paths.captures, probes: paths.probes, dir });
    for (const { hop, reason } of judged.route.blind)
      reasons.push(`Flow ${flow.id} has no capture at ${hop.node} ${hop.interface}: ${reason}`);
    judgedFlows.push(judged);
    // A long analysis stays open to signals between flows.
    await new Promise((resolve) => setImmediate(resolve));
  }
  // A node's counters count what all flows lost, so causes are looked for when all are judged.
  const flows = judgedFlows.map((judged) =>
    describeFlow(judged, (input) => findCause({ ...input, ...compareFlows(judged, judgedFlows) })),
  );
  const { id, runbook, startedAt } = run;
  const unique = [...new Set(reasons)];
  return {
    apiVersion: "hopbook.dev/v1",
    kind: "Findings",
    run: { id, runbook, startedAt, complete: run.complete && unique.length === 0, incomplete: unique },
    flows,
    checks: [],
  };
}

/** Where a flow's packets stop, before anything is asked of the nodes. */
export interface Break {
  readonly flowId: string;
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: HopRef | null;
  readonly firstMissing: HopRef | null;
}

/**
 * The breaks of a run that still goes on: needs evidence/flows.json and the captures, takes the same way
 * as `analyzeRun`, and looks for no cause. Throws EVIDENCE_INVALID as that does.
 */
export async function locateBreaks(dir: string): Promise<readonly Break[]> {
  const paths = loadPaths(dir);
  return paths.flows.map((flow) => {
    const { route, decision } = judgeFlow({ flow, records: paths.captures, probes: paths.probes, dir });
    const { status, direction } = decision;
    return {
      flowId: flow.id,
      status,
      direction,
      lastSeen: refOf(route, decision.lastSeen),
      firstMissing: refOf(route, decision.firstMissing),
    };
  });
}
