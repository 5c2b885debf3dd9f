import type { Findings, FlowFinding } from "../model/findings.js";
import { escapeMarkdown as md } from "./escape.js";
import { rankFlows, tallyTrouble, troubleOf } from "./ranking.js";
import { describeVerdict, endSentence, formatTime, nameFlow, nameTraffic } from "./words.js";

/** A message in Slack takes 3,000 characters in a block, a comment on GitHub more. */
const MAX_CHARS = 2900;
const MAX_PART_CHARS = 600;

/** The run in Markdown of at most 3,000 characters, for a chat or a comment: the worst flows first, as many as fit. */
export function renderSummary(findings: Findings): string {
  const { run, flows, checks } = findings;
  const head = [
    `**hopbook ${md(cut(run.runbook, 100))}** · ${md(cut(formatTime(run.startedAt), 40))} · ${md(tallyTrouble(findings))}`,
    ...(run.complete ? [] : ["**The run is incomplete: its evidence is partial.**"]),
  ];
  const failed = checks.filter(({ status }) => status === "fail" || status === "incomplete");
  const items = [
    ...failed.map(
      ({ id, status, message }) => `- ${status} ${md(cut(id, 100))}: ${md(cut(message, MAX_PART_CHARS))}`,
    ),
    ...rankFlows(flows).map(({ flow }) => describe(flow)),
  ];
  const lines = [...head, ""];
  let left = MAX_CHARS - lines.join("\n").length;
  let shown = 0;
  for (const item of items) {
    left -= item.length + 1;
    if (left < 0) break;
    lines.push(item);
    shown += 1;
  }
  if (shown < items.length) lines.push(`- and ${items.length - shown} more in the report`);
  return `${lines.join("\n")}\n`;
}

function describe(flow: FlowFinding): string {
  const name = `${md(cut(nameFlow(flow), 200))} (${md(cut(nameTraffic(flow), 60))})`;
  if (troubleOf(flow) === 3) return `- ${name}: ${flow.verdict.status}`;
  const { cause, confidence } = flow.verdict;
  const why = cause === null ? "" : ` Cause: ${md(endSentence(cut(cause.summary, MAX_PART_CHARS)))}`;
  return `- ${name}: **${md(endSentence(cut(describeVerdict(flow), MAX_PART_CHARS)))}**${why} Confidence: ${confidence}.`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
