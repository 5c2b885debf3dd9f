import type { FlowFinding, HopFinding } from "../../model/findings.js";
import { describeConfidence } from "../confidence.js";
import { escapeMarkup as esc } from "../escape.js";
import {
  describeLoss,
  describeNoCause,
  describeVerdict,
  endSentence,
  locateBreak,
  nameFlow,
  nameTraffic,
} from "../words.js";
import { renderAudit } from "./audit.js";
import { renderCharts } from "./charts.js";
import { renderDetected, renderExchanges, renderLegs, renderRewrites } from "./details.js";
import { chooseTwo, countHidden, countOmitted, drawLadderSvg } from "./ladder.js";
import { drawPathSvg, MAX_DRAWN_HOPS } from "./path.js";
import { breakPath, keepNames, markCode } from "./names.js";
import { toneOf } from "./tone.js";
import { renderWay } from "./way.js";

const MAX_PACKETS = 64;

interface FlowSectionOptions {
  /** Of the flow in the findings: it makes ids unique in the page; nothing of the flow's own strings becomes an id. */
  readonly index: number;
  /** Its sentence is the page's headline already. */
  readonly isOnly: boolean;
}

/** One flow's section. */
export function renderFlowSection(flow: FlowFinding, { index, isOnly }: FlowSectionOptions): string {
  const { verdict } = flow;
  const traffic =
    flow.connections === undefined || flow.connections < 2
      ? nameTraffic(flow)
      : `${nameTraffic(flow)}, ${flow.connections} connections`;
  return `<section class="${toneOf(flow)}" id="flow-${index}" aria-labelledby="flow-${index}-name">
<div class="flow-head"><span class="badge-status">${verdict.status}</span><h2 id="flow-${index}-name">${keepNames(nameFlow(flow))}</h2><span class="traffic">${esc(traffic)}</span></div>
${isOnly ? "" : `<p class="sentence">${keepNames(endSentence(describeVerdict(flow)))}</p>`}
${renderCause(flow)}
<p class="meta">${esc(describeConfidence(verdict))}</p>
${renderExchanges(flow)}
${renderPicture(flow, flow.hops, `path-${index}`)}
${flow.replyHops === undefined ? "" : `<div class="block"><h3>The reply’s own way</h3>${renderPicture(flow, flow.replyHops, `reply-path-${index}`)}</div>`}
${renderRewrites(flow)}
${renderNotes(flow)}
${renderDetected(flow)}
${renderAudit(flow)}
${renderCharts(flow, index)}
${renderLegs(flow)}
${renderLadder(flow, index)}
${renderPackets(flow)}
${renderHopTable(flow)}
</section>`;
}

function renderCause(flow: FlowFinding): string {
  const { cause, status } = flow.verdict;
  if (cause !== null)
    return `<p class="cause"><b>Cause:</b> ${keepNames(endSentence(cause.summary))} <code>${esc(cause.code)}</code></p>`;
  return status === "delivered" ? "" : `<p class="cause"><b>Cause:</b> ${describeNoCause(flow)}</p>`;
}

/** Side by side where that can be read; where it is too narrow for that, or the way too long, downwards. */
function renderPicture(flow: FlowFinding, hops: readonly HopFinding[], id: string): string {
  if (hops.length === 0) return `<p class="meta">No hop was captured.</p>`;
  const way = renderWay(flow, hops);
  if (hops.length > MAX_DRAWN_HOPS) return `<div class="block">${way}</div>`;
  return `<div class="scroll wide" tabindex="0" role="group" aria-label="The path">${drawPathSvg(flow, hops, id)}</div><div class="narrow">${way}</div>`;
}

function renderNotes(flow: FlowFinding): string {
  const { cause, caveats, lookedAt, next = [] } = flow.verdict;
  const columns = [
    renderList("Evidence", cause?.evidence ?? [], "evidence"),
    renderList("What to do now", next, "next", markCode),
    renderList("Caveats", caveats, "caveats"),
    // Where no cause was found it is the answer; beside a cause it is for who wants to check.
    cause === null ? renderList("Looked at", lookedAt, "looked") : "",
  ].join("");
  const shown = columns === "" ? "" : `<div class="columns">${columns}</div>`;
  return cause === null ? shown : shown + renderLookedAt(lookedAt);
}

function renderLookedAt(lookedAt: readonly string[]): string {
  if (lookedAt.length === 0) return "";
  const list = lookedAt.map((item) => `<li>${esc(item)}</li>`).join("");
  return `<details><summary>What was looked at</summary><ul>${list}</ul></details>`;
}

export function renderList(title: string, items: readonly string[], className: string, write = esc): string {
  if (items.length === 0) return "";
  const list = items.map((item) => `<li>${write(item)}</li>`).join("");
  return `<div class="${className}"><h3>${title}</h3><ul>${list}</ul></div>`;
}

function renderLadder(flow: FlowFinding, index: number): string {
  const svg = drawLadderSvg(flow, `timeline-${index}`);
  if (svg === "") return "";
  const two = chooseTwo(flow);
  const small =
    two === null
      ? ""
      : `<div class="narrow"><p class="meta">${two.told}</p>${drawLadderSvg(flow, `timeline-${index}-narrow`, two.columns)}</div>`;
  const omitted = countOmitted(flow);
  const hidden = countHidden(flow);
  const more =
    (omitted === 0 ? "" : ` <span>${omitted} more in findings.json</span>`) +
    (hidden === 0 ? "" : ` <span>${hidden} hops between are not drawn</span>`);
  return `<div class="block"><h3>Packets at hops over time</h3>
<p class="legend"><b class="request">→ request</b><b class="reply">← reply</b><b class="lost">✕ not seen at the next hop</b><span>Time runs down; the gaps between packets are not to scale.</span>${more}</p>
<div class="scroll${small === "" ? "" : " wide"}" tabindex="0" role="group" aria-label="Packets at hops over time">${svg}</div>${small}</div>`;
}

function renderPackets(flow: FlowFinding): string {
  const packets = flow.verdict.packets.slice(0, MAX_PACKETS);
  if (packets.length === 0) return "";
  const rows = packets.map(
    (packet) =>
      `<tr><td class="mono">${breakPath(packet.pcap)}</td><td class="number" data-label="Frame">${packet.frame}</td><td>${esc(packet.summary)}</td></tr>`,
  );
  return `<div class="block"><h3>Packets that show it</h3><table class="stack"><thead><tr><th scope="col">Capture</th><th scope="col" class="number">Frame</th><th scope="col">Packet</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function renderHopTable(flow: FlowFinding): string {
  const reply = flow.replyHops === undefined ? "" : renderHops(flow, flow.replyHops, "The reply’s hops");
  const open = flow.verdict.status === "delivered" ? "" : " open";
  return `<details${open}><summary>All hops and their captures</summary><div class="scroll" tabindex="0" role="group" aria-label="All hops">${renderHops(flow, flow.hops, "The request’s hops")}${reply}</div></details>`;
}

function renderHops(flow: FlowFinding, hops: readonly HopFinding[], caption: string): string {
  const breakAt = locateBreak(flow, hops);
  const isReplyOnly = hops === flow.replyHops;
  const rows = hops.map((hop, index) => {
    const cut =
      breakAt?.after === index
        ? `<tr class="cut"><td colspan="${isReplyOnly ? 7 : 8}">✕ lost here: ${esc(describeLoss(flow))}</td></tr>`
        : "";
    return `${renderHopRow(hop, isReplyOnly)}${cut}`;
  });
  const numbers = [...(isReplyOnly ? [] : ["Requests"]), "Replies", "Missed by tcpdump"].map(
    (name) => `<th scope="col" class="number">${name}</th>`,
  );
  return `<table class="stack hops"><caption hidden>${caption}</caption><thead><tr><th scope="col">#</th><th scope="col">Node</th><th scope="col">Interface</th><th scope="col">Role</th>${numbers.join("")}<th scope="col">Capture</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function renderHopRow(hop: HopFinding, isReplyOnly: boolean): string {
  const number = (name: string, count: number, bytes: number | null): string =>
    `<td class="number${count === 0 ? " zero" : ""}" data-label="${name}">${count}${bytes === null || count === 0 ? "" : ` <span class="traffic">${bytes} B</span>`}</td>`;
  return `<tr><td>${hop.index + 1}</td><td>${keepNames(hop.node)}</td><td class="mono">${esc(hop.interface)}</td><td>${hop.role}</td>${isReplyOnly ? "" : number("Requests", hop.request.packets, hop.request.bytes)}${number("Replies", hop.reply.packets, hop.reply.bytes)}${number("Missed by tcpdump", hop.droppedByKernel, null)}<td class="mono">${breakPath(hop.pcap)}</td></tr>`;
}
