import { createHash } from "node:crypto";
import type { AccessFinding, CheckFinding, CheckStatus, Findings, FlowFinding } from "../model/findings.js";
import { describeAccess, describeChosen, describeRejected } from "./access.js";
import { escapeMarkup as esc } from "./escape.js";
import { renderFlowSection, STATUS_TONE } from "./html-flow.js";
import { REPORT_STYLE } from "./html-style.js";
import { describeVerdict, endSentence, findWorstStatus, formatTime, nameFlow, nameTraffic } from "./words.js";

interface HtmlOptions {
  /** Printed in the footer. Absent: no time, so that the same findings give the same bytes. */
  readonly generatedAt?: Date;
}

const CHECK_TONE: Readonly<Record<CheckStatus, string>> = {
  pass: "good",
  warn: "warn",
  fail: "bad",
  skipped: "quiet",
  incomplete: "warn",
};

/**
 * The report as one file: no script, no link to anything, and a policy (CSP Level 3, hash of the style
 * sheet) under which a browser would run or load nothing even if an escape were missing.
 */
export function renderHtml(findings: Findings, options: HtmlOptions = {}): string {
  const { run, flows } = findings;
  const hash = createHash("sha256").update(REPORT_STYLE, "utf8").digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
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
<title>${esc(`hopbook ${run.runbook}: ${findWorstStatus(findings) ?? "no flow"}`)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
${renderHeader(findings)}
<main>
${run.complete ? "" : renderIncomplete(run.incomplete)}
${flows.length > 1 ? renderOverview(flows) : ""}
${flows.map(renderFlowSection).join("\n")}
${findings.checks.length > 0 ? renderChecks(findings.checks) : ""}
${findings.access !== undefined && findings.access.length > 0 ? renderAccess(findings.access) : ""}
</main>
<footer>Made by hopbook from findings.json of run <span class="mono">${esc(run.id)}</span>${esc(made)}</footer>
</body>
</html>
`;
}

function renderHeader({ run, flows }: Findings): string {
  const worst = findWorstStatus({ flows } as Findings);
  const main = flows.find((flow) => flow.verdict.status === worst);
  const tone = worst === null ? "quiet" : STATUS_TONE[worst];
  const sentence = main === undefined ? "No flow was followed." : endSentence(describeVerdict(main));
  const word = /^[A-Z]{2,}/.exec(sentence)?.[0] ?? "";
  const cause = main?.verdict.cause;
  const lead =
    cause === null || cause === undefined || flows.length === 1
      ? ""
      : `<p class="lead">${esc(endSentence(cause.summary))}</p>`;
  const troubled = flows.filter((flow) => flow.verdict.status !== "delivered").length;
  const tally = flows.length > 1 ? ` · ${troubled} of ${flows.length} flows in trouble` : "";
  return `<header class="${tone}"><div>
<p class="eyebrow"><b>hopbook</b> ${esc(run.runbook)} · ${esc(formatTime(run.startedAt))}${tally}</p>
<h1><span class="status">${word}</span>${keepNames(sentence.slice(word.length))}</h1>
${lead}
</div></header>`;
}

/** In large letters a line that ends in `node-` reads badly: short names are kept whole. */
function keepNames(text: string): string {
  return text
    .split(" ")
    .map((part) =>
      part.includes("-") && part.length <= 22 ? `<span class="keep">${esc(part)}</span>` : esc(part),
    )
    .join(" ");
}

function renderIncomplete(reasons: readonly string[]): string {
  const list = reasons.map((reason) => `<li>${esc(reason)}</li>`).join("");
  return `<section class="warn notice"><h2>This run is incomplete</h2><p class="meta">Its evidence is partial, so read the verdicts with that in mind.</p><div class="columns"><ul>${list}</ul></div></section>`;
}

function renderOverview(flows: readonly FlowFinding[]): string {
  const rows = flows.map((flow, index) => {
    const { verdict } = flow;
    const cause = verdict.cause?.summary ?? describeVerdict(flow).replace(/^[A-Z]+:? /, "");
    return `<tr class="${STATUS_TONE[verdict.status]}"><td><span class="badge-status">${verdict.status}</span></td><td><a href="#flow-${index}">${esc(nameFlow(flow))}</a></td><td>${esc(nameTraffic(flow))}</td><td>${esc(endSentence(cause))}</td></tr>`;
  });
  return `<section><h3>All flows</h3><div class="scroll" tabindex="0" role="group" aria-label="All flows"><table><thead><tr><th scope="col">Verdict</th><th scope="col">Flow</th><th scope="col">Traffic</th><th scope="col">What was found</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
}

function renderChecks(checks: readonly CheckFinding[]): string {
  const rows = checks.map(
    (check) =>
      `<tr class="${CHECK_TONE[check.status]}"><td><span class="badge-status">${check.status}</span></td><td class="mono">${esc(check.id)}</td><td>${esc(check.message)}</td></tr>`,
  );
  return `<section><h3>Checks</h3><table><thead><tr><th scope="col">Status</th><th scope="col">Check</th><th scope="col">What it says</th></tr></thead><tbody>${rows.join("")}</tbody></table></section>`;
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
