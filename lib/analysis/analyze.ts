import type { CauseInput, CauseResult } from "../model/cause.js";
import type { Naming } from "../model/naming.js";
import type { FlowEvidence } from "../model/evidence.js";
import type { Looks } from "../readings/reader.js";
import type { Findings, FlowAudit, FlowFinding, HopRef, VerdictStatus } from "../model/findings.js";
import { findCause as findCauseInState } from "./cause/index.js";
import { findCauseInFlow } from "./cause/no-service.js";
import { loadPaths, loadRun, readRunText } from "./evidence/load.js";
import { describePoints, nameEnds } from "./point-places.js";
import { compareFlows } from "./verdict/ended.js";
import { compareAll } from "./verdict/facts.js";
import { describeFlow, refOf, type FindFlowCause } from "./verdict/flow.js";
import { FrameReader } from "./verdict/frames.js";
import { judgeFlows } from "./verdict/judge.js";
import type { JudgedFlow } from "./verdict/judged.js";
import { chooseWorst, countLeftOut, mergeWorst } from "./verdict/worst.js";

export type FindCause = (input: CauseInput) => CauseResult;

interface AnalyzeOptions {
  /** Looks for the cause of each verdict. Default: in the nodes' state and the kernel's drop events. */
  readonly findCause?: FindCause;
  /** By which names the nodes' firewalls tell whose their rules are. Default: none. */
  readonly namings?: readonly Naming[];
  /** Judges a flow that was asked about by its nodes' state alone; null: nothing was read that says anything. Default: none. */
  readonly audit?: (flow: FlowEvidence, looks: Looks) => FlowAudit | null;
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
  const looks = { state, readText: (path: string) => readRunText(dir, path) };
  const findCause: FindFlowCause = (input) => search({ ...input, ...looks, drops, namings });
  const reasons = [...run.incomplete, ...incomplete];
  const { flows: inFlows, captures: records, probes, points } = paths;
  const places = points.length === 0 ? null : describePoints(points, dir);
  const { asked, others, unanswered, leftOut, captures } = judgeFlows({
    flows: inFlows,
    records,
    probes,
    dir,
    ...(places === null ? {} : { paths: places.paths, devices: places.devices, areTunnelsUnknown: true }),
  });
  reasons.push(...(places?.leftOut ?? []));
  for (const { flow, route } of asked)
    for (const { hop, reason } of route.blind)
      reasons.push(`Flow ${flow.id} has no capture at ${hop.node} ${hop.interface}: ${reason}`);
  const { listed, rest } = chooseWorst(others);
  // A node's counters count what all flows lost, so causes are looked for when all are judged.
  const judged: readonly JudgedFlow[] = [...asked, ...listed];
  const compared = compareAll(judged);
  const frames = new FrameReader(captures);
  const describe = (one: JudgedFlow): FlowFinding =>
    describeFlow(one, (input) => findCause({ ...input, ...compareFlows(one, judged) }), {
      others: compared,
      frames,
    });
  const withAudit = (one: JudgedFlow): FlowFinding => {
    const audit = options.audit?.(one.flow, looks) ?? null;
    return audit === null ? describe(one) : { ...describe(one), audit };
  };
  const flows = frames.use(() => [...asked.map(withAudit), ...mergeWorst(listed.map(describe), unanswered)]);
  const { id, runbook, startedAt } = run;
  const unique = [...new Set(reasons)];
  return {
    apiVersion: "hopbook.dev/v1",
    kind: "Findings",
    run: { id, runbook, startedAt, complete: run.complete && unique.length === 0, incomplete: unique },
    flows: points.length === 0 ? flows : nameEnds(flows, points),
    ...countLeftOut(rest, leftOut),
    checks: [],
  };
}

/** Where a flow's packets stop, before anything is asked of the nodes. */
interface Break {
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
  const { flows, captures: records, probes } = loadPaths(dir);
  return judgeFlows({ flows, records, probes, dir }).asked.map(({ flow, route, decision }) => ({
    flowId: flow.id,
    status: decision.status,
    direction: decision.direction,
    lastSeen: refOf(route, decision.lastSeen),
    firstMissing: refOf(route, decision.firstMissing),
  }));
}

/**
 * The flows of a run that still goes on, as its findings will tell them but for their causes, except that nobody has the address. Needs and throws what
 * `locateBreaks` does.
 */
export async function followFlows(dir: string): Promise<readonly FlowFinding[]> {
  const { flows, captures: records, probes } = loadPaths(dir);
  const { asked, captures } = judgeFlows({ flows, records, probes, dir });
  const frames = new FrameReader(captures);
  const shared = { others: compareAll(asked), frames };
  return frames.use(() => asked.map((one) => describeFlow(one, findCauseInFlow, shared)));
}
