import type { AccessFinding, Findings, FlowFinding, HopFinding } from "../model/findings.js";
import { describeAccess, describeChosen, describeRejected } from "./access.js";
import { AUDIT_TITLE, summariseAudit } from "./flow-audit.js";
import { describeConfidence } from "./confidence.js";
import { describeFacts, quoteCommand, type RunFacts } from "./facts.js";
import { escapeMarkdown as md, escapeMarkdownCode as code } from "./escape.js";
import { describeExchange, describeRewrite, sortDetected, sortExchanges } from "./flow-words.js";
import { describeMissing, lossyLegs, placeBetween } from "./legs.js";
import { nameCluster } from "./next.js";
import { renderSteps } from "./steps/markdown.js";
import { describeLeftOut, rankFlows } from "./ranking.js";
import {
  describeLoss,
  describeNoCause,
  describeVerdict,
  endSentence,
  formatTime,
  locateBreak,
  nameFlow,
  nameTraffic,
} from "./words.js";

const MAX_PACKETS = 16;
/** Of each list; all of them are in findings.json. */
const MAX_ITEMS = 16;
const MAX_ROWS = 100;
const MAX_FLOWS = 12;

/** The report for a ticket: GitHub's Markdown, nothing of which comes from the cluster's strings. */
export function renderMarkdown(bare: Findings, record?: RunFacts): string {
  const findings = nameCluster(bare, record);
  const { run, flows, checks } = findings;
  const blocks = [
    `# hopbook ${md(run.runbook)}`,
    [
      `Started ${md(formatTime(run.startedAt))}`,
      ...describeFacts(record).map(md),
      `run ${code(run.id)}`,
    ].join(" · "),
  ];
  const command = quoteCommand(record);
  if (command !== null) blocks.push(`By ${code(command)}`);
  if (!run.complete)
    blocks.push(`**The run is incomplete: its evidence is partial.**`, renderList(run.incomplete));
  const isOnly = flows.length === 1 && findings.leftOut === undefined;
  if (!isOnly && flows.length > 0) blocks.push(renderOverview(findings));
  const whole = rankFlows(flows).slice(0, MAX_FLOWS);
  for (const { flow } of whole) blocks.push(...renderFlow(flow));
  const rest = whole.length < flows.length ? describeLeftOut(findings, whole, "drawn") : null;
  if (rest !== null) blocks.push(md(endSentence(rest)));
  if (flows.length + checks.length === 0) blocks.push("No flow was followed.");
  if (checks.length > 0) {
    const rows = checks.map((check) => [check.status, code(check.id), md(check.message)]);
    blocks.push("## Checks", renderTable(["status", "check", ""], rows));
    const next = checks.flatMap((check) => check.next ?? []);
    if (next.length > 0)
      blocks.push("### What to do now", next.map((step) => `- ${renderStep(step)}`).join("\n"));
  }
  blocks.push(...renderSteps(findings));
  if (findings.access !== undefined && findings.access.length > 0)
    blocks.push("## Ways in", ...renderAccess(findings.access));
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function renderOverview(findings: Findings): string {
  const ranked = rankFlows(findings.flows).slice(0, MAX_ROWS);
  const rows = ranked.map(({ flow }) => {
    const [worst] = lossyLegs(flow);
    const missing = worst ?? { missing: flow.verdict.lost.packets, sent: flow.verdict.lost.of };
    const found = flow.verdict.cause?.summary ?? sortDetected(flow)[0]?.summary ?? "";
    return [
      `**${flow.verdict.status}**`,
      md(nameFlow(flow)),
      md(nameTraffic(flow)),
      missing.missing === 0 ? "" : describeMissing(missing),
      md(found),
    ];
  });
  const table = renderTable(["verdict", "flow", "traffic", "missing", "what was found"], rows);
  const leftOut = describeLeftOut(findings, ranked);
  return leftOut === null ? table : `${table}\n\n${md(endSentence(leftOut))}`;
}

function renderFlow(flow: FlowFinding): string[] {
  const { verdict } = flow;
  const cause = verdict.cause;
  const blocks = [
    `## ${md(nameFlow(flow))} (${md(nameTraffic(flow))})`,
    `**${md(endSentence(describeVerdict(flow)))}**`,
  ];
  if (cause !== null) blocks.push(`Cause: ${md(endSentence(cause.summary))} (${code(cause.code)})`);
  else if (verdict.status !== "delivered") blocks.push(`Cause: ${describeNoCause(flow)}`);
  blocks.push(md(endSentence(describeConfidence(verdict))), ...renderSaid(flow), renderHops(flow, flow.hops));
  if (flow.replyHops !== undefined) blocks.push("The reply's own way:", renderHops(flow, flow.replyHops));
  blocks.push(...renderLegs(flow), ...renderDetected(flow), ...renderAudit(flow));
  if (cause !== null && cause.evidence.length > 0)
    blocks.push("### Evidence", cause.evidence.map((item) => `- ${code(item)}`).join("\n"));
  if (verdict.next !== undefined && verdict.next.length > 0)
    blocks.push("### What to do now", verdict.next.map((step) => `- ${renderStep(step)}`).join("\n"));
  if (verdict.caveats.length > 0) blocks.push("### Caveats", renderList(verdict.caveats));
  if (verdict.lookedAt.length > 0) blocks.push("### Looked at", renderList(verdict.lookedAt));
  if (verdict.packets.length > 0) blocks.push("### Packets that show it", renderPackets(flow));
  return blocks;
}

/** What stands between backticks is code. */
function renderStep(step: string): string {
  return step
    .split("`")
    .map((part, index) => (index % 2 === 1 ? code(part) : part.replace(/\S(?:.*\S)?/s, (words) => md(words))))
    .join("");
}

function renderSaid(flow: FlowFinding): string[] {
  const exchanges = sortExchanges(flow).slice(0, MAX_ITEMS).map(describeExchange);
  return exchanges.length === 0 ? [] : ["What the ends said:", renderList(exchanges)];
}

function renderLegs(flow: FlowFinding): string[] {
  const rows = lossyLegs(flow).map((leg) => [
    leg.direction,
    md(placeBetween(leg.from, leg.to)),
    md(describeMissing(leg)),
    md(leg.pattern.join("; ")),
  ]);
  const rewrites = (flow.rewrites ?? []).slice(0, MAX_ITEMS).map(describeRewrite);
  return [
    ...(rows.length === 0
      ? []
      : ["### Missing between hops", renderTable(["direction", "where", "missing", "pattern"], rows)]),
    ...(rewrites.length === 0 ? [] : ["### Addresses that changed on the way", renderList(rewrites)]),
  ];
}

function renderDetected(flow: FlowFinding): string[] {
  const items = sortDetected(flow).slice(0, MAX_ITEMS);
  const lines = items.flatMap(({ code: id, severity, summary, evidence, next }) => [
    `- **${severity}** ${md(endSentence(summary))} (${code(id)})`,
    ...next.map((step) => `  - Next: ${md(step)}`),
    ...evidence.slice(0, MAX_ITEMS).map((line) => `  - ${code(line)}`),
  ]);
  return lines.length === 0 ? [] : ["### What else was found", lines.join("\n")];
}

function renderAudit({ audit }: FlowFinding): string[] {
  if (audit === undefined) return [];
  const { items, rest } = summariseAudit(audit);
  const lines = items
    .slice(0, MAX_ITEMS)
    .flatMap(({ severity, sentence, evidence, next }) => [
      `- **${severity}** ${md(endSentence(sentence))}`,
      ...(next === null ? [] : [`  - Next: ${renderStep(next)}`]),
      ...evidence.slice(0, MAX_ITEMS).map((line) => `  - ${code(line)}`),
    ]);
  return [`### ${AUDIT_TITLE}`, [...lines, ...rest.map((text) => `- ${md(text)}`)].join("\n")];
}

function renderHops(flow: FlowFinding, hops: readonly HopFinding[]): string {
  const breakAt = locateBreak(flow, hops);
  const isReplyOnly = hops === flow.replyHops;
  const numbers = isReplyOnly ? ["replies"] : ["requests", "replies"];
  const rows = hops.flatMap((hop, index) => {
    const counts = [hop.request.packets, hop.reply.packets].slice(isReplyOnly ? 1 : 0).map(String);
    const missed = hop.droppedByKernel === 0 ? "" : `${hop.droppedByKernel} missed by the capture itself`;
    const row = [String(hop.index + 1), code(hop.node), code(hop.interface), hop.role, ...counts, missed];
    const cut = ["❌", "**lost here**", `**${md(describeLoss(flow))}**`, "", ...counts.map(() => ""), ""];
    return breakAt?.after === index ? [row, cut] : [row];
  });
  return renderTable(["hop", "node", "interface", "role", ...numbers, ""], rows);
}

function renderPackets(flow: FlowFinding): string {
  const { packets } = flow.verdict;
  const lines = packets
    .slice(0, MAX_PACKETS)
    .map((packet) => `- ${code(packet.pcap)} frame ${packet.frame}: ${md(packet.summary)}`);
  if (packets.length > MAX_PACKETS) lines.push(`- and ${packets.length - MAX_PACKETS} more in findings.json`);
  return lines.join("\n");
}

function renderAccess(access: readonly AccessFinding[]): string[] {
  const chosen = describeChosen(access);
  const rejected = describeRejected(access);
  return [
    renderList(access.map(describeAccess)),
    ...(chosen.length === 0 ? [] : ["Why this way:", renderList(chosen)]),
    ...(rejected.length === 0 ? [] : ["Why not the others:", renderList(rejected)]),
  ];
}

function renderList(items: readonly string[]): string {
  return items.map((item) => `- ${md(item)}`).join("\n");
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}
