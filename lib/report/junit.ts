import type { CheckFinding, Findings, FlowFinding } from "../model/findings.js";
import { escapeMarkup } from "./escape.js";
import { summariseAudit } from "./flow-audit.js";
import { sortDetected } from "./flow-words.js";
import { describeMissing, lossyLegs, placeBetween } from "./legs.js";
import { describeVerdict, nameFlow, nameTraffic } from "./words.js";

/**
 * JUnit XML as CI systems read it: a test case a flow, a detector's finding, what is wrong by an audit, and a check. `lost`, `rejected`, `unanswered` and
 * `fail` are failures; `inconclusive` and `incomplete` are errors (nothing is known); `skipped` is skipped.
 */
export function renderJunit(findings: Findings): string {
  const suites = [
    renderSuite("flows", findings.flows.map(renderFlowCase), findings),
    renderSuite("findings", findings.flows.flatMap(renderDetectedCases), findings),
    renderSuite("audit", findings.flows.flatMap(renderAuditCases), findings),
    renderSuite("checks", findings.checks.map(renderCheckCase), findings),
  ];
  const name = escapeMarkup(`hopbook ${findings.run.runbook}`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${name}">\n${suites.join("")}</testsuites>\n`;
}

interface Case {
  readonly xml: string;
  readonly outcome: "pass" | "failure" | "error" | "skipped";
}

function renderSuite(name: string, cases: readonly Case[], findings: Findings): string {
  const count = (outcome: Case["outcome"]): number => cases.filter((item) => item.outcome === outcome).length;
  const counts = `tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  const time = escapeMarkup(findings.run.startedAt);
  const body = cases.map((item) => item.xml).join("");
  return `  <testsuite name="${name}" ${counts} timestamp="${time}">\n${body}  </testsuite>\n`;
}

function renderFlowCase(flow: FlowFinding): Case {
  const { verdict } = flow;
  const name = `${flow.id}: ${nameFlow(flow)} (${nameTraffic(flow)})`;
  const outcome =
    verdict.status === "delivered" ? "pass" : verdict.status === "inconclusive" ? "error" : "failure";
  const cause = verdict.cause === null ? [] : [`Cause: ${verdict.cause.summary}`, ...verdict.cause.evidence];
  const legs = lossyLegs(flow).map(
    (leg) => `${leg.direction}: ${describeMissing(leg)} missing ${placeBetween(leg.from, leg.to)}`,
  );
  const text = [...cause, ...legs, ...verdict.caveats.map((caveat) => `Caveat: ${caveat}`)];
  return renderCase("hopbook.flow", name, {
    outcome,
    type: verdict.status,
    message: describeVerdict(flow),
    text,
  });
}

/** What a detector calls a failure is one; the rest is said, and passes. */
function renderDetectedCases(flow: FlowFinding): Case[] {
  return sortDetected(flow).map(({ code, severity, summary, evidence, next }) =>
    renderCase("hopbook.finding", `${code}: ${nameFlow(flow)}`, {
      outcome: severity === "fail" ? "failure" : "pass",
      type: code,
      message: summary,
      text: [...evidence, ...next.map((step) => `Next: ${step}`)],
    }),
  );
}

/** A fault of the state is a failure where the packets were in trouble too: an audit changes no exit code. */
function renderAuditCases(flow: FlowFinding): Case[] {
  if (flow.audit === undefined) return [];
  const isDelivered = flow.verdict.status === "delivered";
  return summariseAudit(flow.audit).items.map(({ check, severity, sentence, evidence, next }) =>
    renderCase("hopbook.audit", `${check}: ${nameFlow(flow)}`, {
      outcome: severity === "fault" && !isDelivered ? "failure" : "pass",
      type: check,
      message: `${severity}: ${sentence}`,
      text: [...evidence, ...(next === null ? [] : [`Next: ${next}`])],
    }),
  );
}

function renderCheckCase(check: CheckFinding): Case {
  const outcome = (
    { pass: "pass", warn: "pass", fail: "failure", skipped: "skipped", incomplete: "error" } as const
  )[check.status];
  return renderCase("hopbook.check", check.id, {
    outcome,
    type: check.status,
    message: check.message,
    text: [],
  });
}

interface CaseBody {
  readonly outcome: Case["outcome"];
  readonly type: string;
  readonly message: string;
  readonly text: readonly string[];
}

function renderCase(className: string, name: string, body: CaseBody): Case {
  const open = `    <testcase classname="${className}" name="${escapeMarkup(name)}"`;
  const message = escapeMarkup(body.message);
  const { outcome } = body;
  if (outcome === "pass")
    return { outcome, xml: `${open}>\n      <system-out>${message}</system-out>\n    </testcase>\n` };
  if (outcome === "skipped")
    return { outcome, xml: `${open}>\n      <skipped message="${message}"/>\n    </testcase>\n` };
  const text = body.text.map(escapeMarkup).join("\n");
  const inner = `      <${outcome} type="${escapeMarkup(body.type)}" message="${message}">${text}</${outcome}>\n`;
  return { outcome, xml: `${open}>\n${inner}    </testcase>\n` };
}
