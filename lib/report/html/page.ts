import { createHash } from "node:crypto";
import type { AccessFinding, CheckFinding, Findings, FlowFinding } from "../../model/findings.js";
import { describeAccess, describeChosen, describeRejected } from "../access.js";
import { partsOf } from "../check-words.js";
import { escapeMarkup as esc } from "../escape.js";
import { describeFacts, quoteCommand, type RunFacts } from "../facts.js";
import { nameCluster } from "../next.js";
import { describeLeftOut, rankFlows, tallyTrouble, type RankedFlow } from "../ranking.js";
import { renderSteps } from "../steps/html.js";
import { sortDetected } from "../flow-words.js";
import { endSentence, formatTime } from "../words.js";
import { readChartProgram } from "./chart-program.js";
import { renderFlowSection, renderList } from "./flow.js";
import { chooseHeadline, type Headline } from "./headline.js";
import { keepNames, markCode } from "./names.js";
import { renderOverview } from "./overview.js";
import { REPORT_STYLE } from "./style.js";
import { CHECK_TONE } from "./tone.js";

/** So many flows have a section with pictures of their own: the page has to open at once. */
const MAX_SECTIONS = 24;

interface HtmlOptions {
  /** Printed in the footer. Absent: no time, so that the same findings give the same bytes. */
  readonly generatedAt?: Date;
  /** What the run says of itself. */
  readonly record?: RunFacts | undefined;
}

/**
 * The report as one file: no link to anything, and a policy (CSP Level 3, hashes of its style sheet and of the charts'
 * program) under which a browser would run or load nothing else even if an escape were missing. Without JavaScript the
 * charts are still pictures.
 */
export function renderHtml(bare: Findings, options: HtmlOptions = {}): string {
  const findings = nameCluster(bare, options.record);
  const { run, flows } = findings;
  const shown = rankFlows(flows).slice(0, MAX_SECTIONS);
  const isOnly = flows.length === 1 && findings.leftOut === undefined;
  const sections = shown.map(({ flow, index }) => renderFlowSection(flow, { index, isOnly })).join("\n");
  const headline = chooseHeadline(findings, shown[0]);
  const checks = findings.checks.length > 0 ? renderChecks(findings.checks) : "";
  const charts = sections.includes("<figure ") ? readChartProgram() : null;
  const style = REPORT_STYLE + (charts?.style ?? "");
  const script = charts === null ? "" : `script-src '${hashOf(charts.script)}'; `;
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; ${script}base-uri 'none'; form-action 'none'`;
  // A run folder from elsewhere may call anything a time.
  const made =
    options.generatedAt === undefined || Number.isNaN(options.generatedAt.getTime())
      ? ""
      : ` · report made ${formatTime(options.generatedAt.toISOString())}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${esc(`hopbook ${run.runbook}: ${headline.word.toLowerCase() || "no flow"}`)}</title>
<style>${style}</style>
</head>
<body>
${renderHeader(findings, { worst: shown[0], headline, record: options.record, isOnly })}
<main>
${run.complete ? "" : renderIncomplete(run.incomplete)}
${headline.isOfFlow ? "" : checks}
${isOnly || flows.length === 0 ? "" : renderOverview(findings, new Set(shown.map(({ index }) => index)))}
${sections}
${isOnly ? "" : renderRest(findings, shown)}
${headline.isOfFlow ? checks : ""}
${renderSteps(findings)}${findings.access !== undefined && findings.access.length > 0 ? renderAccess(findings.access) : ""}
</main>
<footer>Made by hopbook from findings.json of run <span class="mono">${esc(run.id)}</span>${esc(made)}</footer>
${charts === null ? "" : `<script>${charts.script}</script>`}
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
}

interface HeaderOptions {
  readonly worst: RankedFlow | undefined;
  readonly headline: Headline;
  readonly record: RunFacts | undefined;
  readonly isOnly: boolean;
}

function renderHeader(findings: Findings, { worst, headline, record, isOnly }: HeaderOptions): string {
  const { run, flows } = findings;
  const main = worst?.flow;
  const { tone, word, rest, isOfFlow } = headline;
  const lead =
    !isOfFlow || main === undefined || (isOnly && main.verdict.cause !== null) ? null : findLead(main);
  const tally = isOnly || flows.length === 0 ? "" : ` · ${tallyTrouble(findings)}`;
  return `<header class="${tone}"><div>
<p class="eyebrow"><b>hopbook</b> ${esc(run.runbook)} · ${esc(formatTime(run.startedAt))}${tally}</p>
<h1><span class="status">${word}</span>${keepNames(rest)}</h1>
${lead === null ? "" : `<p class="lead">${keepNames(endSentence(lead))}</p>`}
${renderFacts(record)}
</div></header>`;
}

/** What a person has to know beside the verdict: why, or what a detector calls a failure. */
function findLead(flow: FlowFinding): string | null {
  const failure = sortDetected(flow).find(({ severity }) => severity === "fail");
  return flow.verdict.cause?.summary ?? failure?.summary ?? null;
}

/** How long it took, where, and by which words it can be had again. */
function renderFacts(record: RunFacts | undefined): string {
  const facts = describeFacts(record);
  const command = quoteCommand(record);
  const list = facts.length === 0 ? "" : `<p class="facts">${facts.map(esc).join(" · ")}</p>`;
  return command === null ? list : `${list}<p class="command"><code>${esc(command)}</code></p>`;
}

function renderIncomplete(reasons: readonly string[]): string {
  const list = reasons.map((reason) => `<li>${esc(reason)}</li>`).join("");
  return `<section class="warn notice"><h2>This run is incomplete</h2><p class="meta">Its evidence is partial, so read the verdicts with that in mind.</p><div class="columns"><ul>${list}</ul></div></section>`;
}

/** Flows that are in no section. */
function renderRest(findings: Findings, shown: readonly RankedFlow[]): string {
  const rest = describeLeftOut(findings, shown, "drawn");
  return rest === null ? "" : `<p class="meta rest">${esc(endSentence(rest))}</p>`;
}

function renderChecks(checks: readonly CheckFinding[]): string {
  const rows = checks.map(
    (check) =>
      `<tr class="${CHECK_TONE[check.status]}"><td><span class="badge-status">${check.status}</span></td><td class="mono">${esc(check.id)}</td><td>${renderMessage(check.message)}</td></tr>`,
  );
  const next = checks.flatMap((check) => check.next ?? []);
  return `<section><h3>Checks</h3><table class="stack checks"><thead><tr><th scope="col">Status</th><th scope="col">Check</th><th scope="col">What it says</th></tr></thead><tbody>${rows.join("")}</tbody></table>${renderList("What to do now", next, "next", markCode)}</section>`;
}

function renderMessage(message: string): string {
  const [first = "", ...more] = partsOf(message);
  const items = more.map((part) => `<li>${keepNames(part)}</li>`).join("");
  return `${keepNames(first)}${items === "" ? "" : `<ul>${items}</ul>`}`;
}

function renderAccess(access: readonly AccessFinding[]): string {
  const list = (items: readonly string[]): string =>
    `<ul>${items.map((item) => `<li>${esc(item)}</li>`).join("")}</ul>`;
  const parts = [
    { title: "Why this way", items: describeChosen(access) },
    { title: "Why not the others", items: describeRejected(access) },
  ].filter(({ items }) => items.length > 0);
  const reasons = parts.map(({ title, items }) => `<p class="meta">${title}</p>${list(items)}`).join("");
  return `<section><h3>Ways in</h3>${list(access.map(describeAccess))}${reasons}</section>`;
}
