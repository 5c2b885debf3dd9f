import type { Findings, FlowFinding } from "../../model/findings.js";
import { escapeMarkup as esc } from "../escape.js";
import { sortDetected } from "../flow-words.js";
import { describeMissing, lossyLegs, placeBetween } from "../legs.js";
import { describeLeftOut, rankFlows, tallyStatuses, type RankedFlow } from "../ranking.js";
import { countAtEnds, describeVerdict, endSentence, nameFlow, nameTraffic } from "../words.js";
import { keepNames } from "./names.js";
import { toneOf } from "./tone.js";

/** So many rows a browser shows at once, and a person may read; the rest is counted. */
const MAX_ROWS = 500;

/** All flows, the worst first. `shown` are those that have a section of their own in the page. */
export function renderOverview(findings: Findings, shown: ReadonlySet<number>): string {
  const ranked = rankFlows(findings.flows).slice(0, MAX_ROWS);
  const rows = ranked.map((one) => renderRow(one, shown.has(one.index)));
  const counts: Record<string, number> = {};
  for (const { verdict } of findings.flows) counts[verdict.status] = (counts[verdict.status] ?? 0) + 1;
  const leftOut = describeLeftOut(findings, ranked);
  const names = ["Verdict", "Flow", "Traffic", "Requests, replies", "Missing", "What was found"];
  const head = names.map((name) => `<th scope="col">${name}</th>`).join("");
  return `<section id="flows"><h3>All flows, the worst first</h3>
<p class="meta">${esc(tallyStatuses(counts))}</p>
<table class="stack flows"><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table>
${leftOut === null ? "" : `<p class="meta">${esc(endSentence(leftOut))}</p>`}</section>`;
}

function renderRow({ flow, index }: RankedFlow, hasSection: boolean): string {
  const { status } = flow.verdict;
  const name = keepNames(nameFlow(flow));
  const traffic =
    flow.connections === undefined ? nameTraffic(flow) : `${nameTraffic(flow)}, × ${flow.connections}`;
  const cells = [
    ["", `<span class="badge-status">${status}</span>`],
    ["", hasSection ? `<a href="#flow-${index}">${name}</a>` : name],
    ["", esc(traffic)],
    ["Requests, replies", countAtEnds(flow)],
    ["Missing", keepNames(describeWorstLeg(flow))],
    ["", keepNames(endSentence(describeFound(flow)))],
  ];
  const list = cells.map(([label, text]) =>
    text === ""
      ? `<td class="none"></td>`
      : `<td${label === "" ? "" : ` data-label="${label}"`}>${text}</td>`,
  );
  return `<tr class="${toneOf(flow)}">${list.join("")}</tr>`;
}

/** What is worst in the flow, without its status. */
function describeFound(flow: FlowFinding): string {
  const [detected] = sortDetected(flow);
  return (
    flow.verdict.cause?.summary ?? detected?.summary ?? describeVerdict(flow).replace(/^[A-Z]{2,}[:,]? /, "")
  );
}

function describeWorstLeg(flow: FlowFinding): string {
  const [worst] = lossyLegs(flow);
  if (worst !== undefined) return `${describeMissing(worst)} ${placeBetween(worst.from, worst.to)}`;
  const { lost } = flow.verdict;
  return lost.packets > 0 ? describeMissing({ missing: lost.packets, sent: lost.of }) : "";
}
