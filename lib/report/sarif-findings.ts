import type { DetectorFinding, Findings, FlowFinding, VerdictStatus } from "../model/findings.js";
import { visible } from "./escape.js";
import { summariseAudit } from "./flow-audit.js";
import { sortDetected } from "./flow-words.js";
import { describeLeftOut, rankFlows } from "./ranking.js";
import { locateArtifact, writeSarifLog, type SarifResult } from "./sarif-log.js";
import { describeVerdict, endSentence, nameFlow } from "./words.js";

/** Of each: a code host shows no more. */
const MAX_FLOWS = 1000;
const MAX_LOCATIONS = 8;

const LEVELS: Readonly<Record<DetectorFinding["severity"], SarifResult["level"]>> = {
  fail: "error",
  warn: "warning",
  note: "note",
};

/** What became of flows in bad case; a detector's and a check's results go by their own names. */
const FLOW_RULES: readonly { readonly status: VerdictStatus; readonly means: string }[] = [
  { status: "lost", means: "Packets were seen at one hop and not at the next one" },
  { status: "rejected", means: "Packets were answered by a refusal" },
  { status: "unanswered", means: "Packets arrived, and no answer came" },
  { status: "inconclusive", means: "The evidence does not say what became of the packets" },
];

/**
 * Findings as SARIF 2.1.0 (OASIS): a result for each flow that did not get through, with how many packets were lost of how
 * many, for each finding of a detector, for what is wrong by an audit, and for each check that failed. Captures are the places. `root`: the run folder.
 */
export function renderSarifFindings(
  findings: Findings,
  options: { readonly version: string; readonly root: string },
): string {
  const ranked = rankFlows(findings.flows).slice(0, MAX_FLOWS);
  const results = ranked.flatMap(({ flow }) => [
    ...(flow.verdict.status === "delivered" ? [] : [makeVerdict(flow, options.root)]),
    ...sortDetected(flow).map((finding) => makeDetected(flow, finding, options.root)),
    ...makeAudited(flow, options.root),
  ]);
  const checks = findings.checks.flatMap(({ id, status, message }): SarifResult[] =>
    status === "fail"
      ? [{ ruleId: "check", level: "error", message: { text: visible(`${id}: ${message}`) }, locations: [] }]
      : [],
  );
  const leftOut = describeLeftOut(findings, ranked);
  const rest: SarifResult[] =
    leftOut === null
      ? []
      : [{ ruleId: "left-out", level: "note", message: { text: endSentence(leftOut) }, locations: [] }];
  const rules = [
    ...FLOW_RULES.map(({ status, means }) => ({ id: ruleOf(status), means, level: levelOf(status) })),
    { id: "check", means: "A check of the runbook failed" },
    { id: "left-out", means: "Flows that are not listed one by one", level: "note" as const },
  ];
  return writeSarifLog([...results, ...checks, ...rest], { version: options.version, rules });
}

function ruleOf(status: VerdictStatus): string {
  return `flow-${status}`;
}

function levelOf(status: VerdictStatus): SarifResult["level"] {
  return status === "inconclusive" ? "warning" : "error";
}

function makeVerdict(flow: FlowFinding, root: string): SarifResult {
  const { status, cause, lost, packets } = flow.verdict;
  const why = cause === null ? "" : ` Cause: ${endSentence(cause.summary)}`;
  const share = lost.packets > 0 ? { properties: { lost: { ...lost, share: lost.packets / lost.of } } } : {};
  return {
    ruleId: ruleOf(status),
    level: levelOf(status),
    message: { text: visible(`${nameFlow(flow)}: ${endSentence(describeVerdict(flow))}${why}`) },
    locations: locate(
      flow,
      packets.map(({ pcap }) => pcap),
      root,
    ),
    ...share,
  };
}

function makeDetected(flow: FlowFinding, finding: DetectorFinding, root: string): SarifResult {
  const next = finding.next.length === 0 ? "" : ` Next: ${finding.next.map(endSentence).join(" ")}`;
  return {
    ruleId: visible(finding.code),
    level: LEVELS[finding.severity],
    message: { text: visible(`${nameFlow(flow)}: ${endSentence(finding.summary)}${next}`) },
    locations: locate(
      flow,
      finding.packets.map(({ pcap }) => pcap),
      root,
    ),
  };
}

/** What is wrong by the nodes' state; no error where the packets got through all the same. */
function makeAudited(flow: FlowFinding, root: string): SarifResult[] {
  if (flow.audit === undefined) return [];
  const isDelivered = flow.verdict.status === "delivered";
  return summariseAudit(flow.audit).items.map(({ check, severity, sentence, evidence, next }) => {
    const told = [sentence, ...evidence, ...(next === null ? [] : [`Next: ${next}`])].map(endSentence);
    return {
      ruleId: visible(`audit-${check}`),
      level: severity === "fault" && !isDelivered ? "error" : "warning",
      message: { text: visible(`${nameFlow(flow)}: ${told.join(" ")}`) },
      locations: locate(flow, [], root),
    };
  });
}

/** The captures that show it, else the one where the flow begins. */
function locate(flow: FlowFinding, pcaps: readonly string[], root: string): SarifResult["locations"] {
  const files = pcaps.length > 0 ? pcaps : flow.hops.slice(0, 1).map(({ pcap }) => pcap);
  const logicalLocations = [{ fullyQualifiedName: visible(nameFlow(flow)) }];
  return [...new Set(files)].slice(0, MAX_LOCATIONS).map((file) => ({
    physicalLocation: { artifactLocation: locateArtifact(file, root) },
    logicalLocations,
  }));
}
