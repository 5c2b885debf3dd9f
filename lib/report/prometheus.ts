import type { Findings, FlowAudit, FlowFinding, HopRef, LegFinding } from "../model/findings.js";
import { visible } from "./escape.js";
import { rankFlows } from "./ranking.js";
import { nameEnd } from "./words.js";

/** More would make a time series of each pod of a cluster: the worst are told, and how many were not. */
const MAX_FLOWS = 100;
const STATUSES = ["delivered", "lost", "rejected", "unanswered", "inconclusive"] as const;
const CHECK_STATUSES = ["pass", "warn", "fail", "skipped", "incomplete"] as const;

const SEVERITIES = ["fault", "warning", "doubt", "fine"] as const;

type Labels = Readonly<Record<string, string>>;

/**
 * The run in Prometheus' text exposition format, for node_exporter's textfile collector: loss and delay by leg, what became
 * of each flow, what an audit says of it, the checks. A gauge each, since a run is one look. (prometheus.io/docs/instrumenting/exposition_formats)
 */
export function renderPrometheus(findings: Findings): string {
  const { run, flows, checks } = findings;
  const text = new Exposition({ runbook: run.runbook });
  const startedSec = Date.parse(run.startedAt) / 1000;
  text.gauge("hopbook_run_start_time_seconds", "When the run began, in Unix time");
  if (Number.isFinite(startedSec)) text.add({}, startedSec);
  text.gauge("hopbook_run_complete", "1: all of its evidence is there");
  text.add({}, run.complete ? 1 : 0);
  const shown = rankFlows(flows).slice(0, MAX_FLOWS);
  text.gauge("hopbook_flows_left_out", "Flows that are not told here");
  text.add({}, flows.length - shown.length + (findings.leftOut?.flows ?? 0));
  const told = shown.map(({ flow }) => ({ flow, labels: labelsOf(flow) }));
  text.gauge("hopbook_flow_status", "1 for what became of the flow, 0 for what else it might have");
  for (const { flow, labels } of told)
    for (const status of STATUSES) text.add({ ...labels, status }, status === flow.verdict.status ? 1 : 0);
  const legs = told.flatMap(({ flow, labels }) =>
    (flow.legs ?? []).map((leg) => ({ leg, labels: { ...labels, ...labelsOfLeg(leg) } })),
  );
  text.gauge("hopbook_leg_sent_packets", "Packets that the leg's first place showed and that can be judged");
  for (const { leg, labels } of legs) text.add(labels, leg.sent);
  text.gauge("hopbook_leg_missing_packets", "Those of them that its second place did not show");
  for (const { leg, labels } of legs) text.add(labels, leg.missing);
  text.gauge("hopbook_leg_delay_seconds", "From the leg's first place to its second, clocks corrected");
  for (const { leg, labels } of legs)
    for (const [stat, us] of Object.entries(leg.delayUs ?? {})) text.add({ ...labels, stat }, us / 1e6);
  text.gauge("hopbook_audit_statements", "What the nodes' state alone says of the flow, by how grave it is");
  for (const { flow, labels } of told)
    if (flow.audit !== undefined)
      for (const [severity, count] of countStatements(flow.audit)) text.add({ ...labels, severity }, count);
  text.gauge("hopbook_check_status", "1 for how the check ended");
  for (const check of checks)
    for (const status of CHECK_STATUSES)
      text.add({ check: check.id, status }, status === check.status ? 1 : 0);
  return text.toString();
}

function countStatements({ statements }: FlowAudit): (readonly [string, number])[] {
  return SEVERITIES.map((severity) => [
    severity,
    statements.filter((one) => one.severity === severity).length,
  ]);
}

function labelsOf(flow: FlowFinding): Labels {
  return {
    flow: flow.id,
    from: nameEnd(flow.from),
    to: nameEnd(flow.to),
    protocol: flow.protocol,
    probe: flow.probe ?? "",
  };
}

function labelsOfLeg({ direction, from, to }: LegFinding): Labels {
  // A pod's interface may be called as its node's.
  const place = ({ node, role, interface: device }: HopRef): string => `${node}/${role}/${device}`;
  return { direction, from_hop: place(from), to_hop: place(to) };
}

/** Samples of one metric stand together, behind its help and its type; of two with the same labels the first is kept. */
class Exposition {
  private readonly lines: string[] = [];
  private readonly taken = new Set<string>();
  private metric = "";
  private head: readonly string[] = [];

  constructor(private readonly common: Labels) {}

  gauge(metric: string, help: string): void {
    this.metric = metric;
    this.head = [`# HELP ${metric} ${help}.`, `# TYPE ${metric} gauge`];
  }

  add(labels: Labels, value: number): void {
    const pairs = Object.entries({ ...this.common, ...labels }).map(
      ([name, text]) => `${name}="${escapeLabel(text)}"`,
    );
    const series = `${this.metric}{${pairs.join(",")}}`;
    // Two samples of one series make a collector refuse the whole file.
    if (this.taken.has(series)) return;
    this.taken.add(series);
    this.lines.push(...this.head, `${series} ${value}`);
    this.head = [];
  }

  toString(): string {
    return `${this.lines.join("\n")}\n`;
  }
}

function escapeLabel(text: string): string {
  return visible(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
