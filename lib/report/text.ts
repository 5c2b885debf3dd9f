import type { AccessFinding, CheckFinding, Findings, FlowFinding, PacketRef } from "../model/findings.js";
import { describeAccess, describeChosen, describeRejected } from "./access.js";
import { summariseConfidence } from "./confidence.js";
import { fitColumns, measureColumns, wrapColumns } from "../text/columns.js";
import type { Style } from "../text/paint.js";
import { describeExchange, sortExchanges } from "./flow-words.js";
import { rankFlows, troubleOf } from "./ranking.js";
import { renderDetails } from "./text-details.js";
import { partsOf } from "./check-words.js";
import { renderFlowTable } from "./text-flows.js";
import { renderNext } from "./next.js";
import { renderSteps } from "./steps/text.js";
import { fitPacket } from "./fit-packet.js";
import { CHECK_PAINT, createTextStyle, STATUS_PAINT } from "./text-style.js";
import type { TextOptions, TextStyle } from "./text-style.js";
import { drawPath } from "./text-path.js";
import {
  countPackets,
  describeNoCause,
  describeVerdict,
  endSentence,
  formatTime,
  nameFlow,
  nameTraffic,
} from "./words.js";

const MAX_PACKETS = 8;
const MAX_SAID = 3;
/** All of them are in the other reports. */
const MAX_REASONS = 8;
/** Of more flows the others are in the table. */
const MAX_WHOLE = 8;

/** The report for a terminal or a channel: verdict first, then the path, then why, then what else was seen. */
export function renderText(findings: Findings, options: TextOptions): string {
  const style = createTextStyle(options);
  const { run, flows } = findings;
  const head = style.show(`hopbook ${run.runbook} · ${formatTime(run.startedAt)}`);
  const blocks: string[][] = [
    [style.paint(fitColumns(head, style.width, style.glyphs.more).trimEnd(), "dim")],
  ];
  if (!run.complete) blocks.push(renderIncomplete(run.incomplete, style));
  const isOnly = flows.length === 1 && findings.leftOut === undefined;
  if (!isOnly && flows.length > 0) blocks.push(renderFlowTable(findings, style));
  for (const flow of chooseFlows(findings)) blocks.push(...renderFlow(flow, !isOnly, style));
  if (flows.length + findings.checks.length === 0) blocks.push(["No flow was followed."]);
  if (findings.checks.length > 0) blocks.push(renderChecks(findings.checks, style));
  blocks.push(...renderSteps(findings, style));
  if (findings.access !== undefined && findings.access.length > 0)
    blocks.push(renderAccess(findings.access, style));
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function renderIncomplete(reasons: readonly string[], style: TextStyle): string[] {
  const title = style.paint(`${style.glyphs.warn} INCOMPLETE RUN: the evidence is partial`, "yellow");
  return [title, ...renderList(reasons, style)];
}

/** Those that are shown in full, the worst first: what is well is said by the table alone where there are many. */
function chooseFlows({ flows }: Findings): readonly FlowFinding[] {
  const ranked = rankFlows(flows).map(({ flow }) => flow);
  if (ranked.length <= MAX_WHOLE) return ranked;
  const troubled = ranked.filter((flow) => troubleOf(flow) < 3);
  return troubled.slice(0, MAX_WHOLE);
}

function renderFlow(flow: FlowFinding, numbered: boolean, style: TextStyle): string[][] {
  const { verdict } = flow;
  const blocks: string[][] = [];
  const title = style.show(`${nameFlow(flow)}  ${nameTraffic(flow)}`);
  const ruled = fitColumns(
    `${style.glyphs.rule.repeat(2)} ${title} `,
    style.width,
    style.glyphs.more,
  ).trimEnd();
  const rule = style.glyphs.rule.repeat(Math.max(0, style.width - measureColumns(ruled) - 1));
  blocks.push([style.paint(`${ruled} ${rule}`.trimEnd(), "cyan"), "", ...renderVerdict(flow, style)]);
  if (numbered && verdict.status === "delivered" && isEven(flow)) {
    const even = [...(blocks[0] ?? []), ...renderEven(flow, style), ...renderSaid(flow, style)];
    const caveats =
      verdict.caveats.length === 0
        ? []
        : [[style.paint("Caveats", "bold"), ...renderList(verdict.caveats, style)]];
    return troubleOf(flow) === 3 ? [even, ...caveats] : [even, ...renderDetails(flow, style), ...caveats];
  }
  blocks.push(drawPath(flow, flow.hops, style));
  if (flow.replyHops !== undefined)
    blocks.push([style.paint("The reply's own way:", "dim"), ...drawPath(flow, flow.replyHops, style)]);
  blocks.push(...renderDetails(flow, style));
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["Evidence", verdict.cause?.evidence ?? []],
    ["Caveats", verdict.caveats],
    // Where no cause was found it is the answer; beside a cause it stands in the other reports.
    ["Looked at", verdict.cause === null ? verdict.lookedAt : []],
  ];
  const next = renderNext(verdict.next ?? [], style);
  for (const [name, items] of parts) {
    if (items.length > 0) blocks.push([style.paint(name, "bold"), ...renderList(items, style)]);
    if (name === "Evidence" && next.length > 0) blocks.push(next);
  }
  if (verdict.packets.length > 0) blocks.push(renderPackets(verdict.packets, style));
  return blocks;
}

function renderVerdict(flow: FlowFinding, style: TextStyle): string[] {
  const { verdict } = flow;
  const sentence = style.show(endSentence(describeVerdict(flow)));
  const word = /^[A-Z]+/.exec(sentence)?.[0] ?? "";
  const lines = wrapColumns(sentence, style.width);
  const painted = lines.map((line, index) =>
    index === 0
      ? style.paint(word, STATUS_PAINT[verdict.status]) + style.paint(line.slice(word.length), "bold")
      : style.paint(line, "bold"),
  );
  if (verdict.cause !== null)
    painted.push(...wrapColumns(style.show(`Cause: ${endSentence(verdict.cause.summary)}`), style.width));
  else if (verdict.status !== "delivered") painted.push(`Cause: ${describeNoCause(flow)}`);
  const doubt = wrapColumns(style.show(summariseConfidence(verdict)), style.width);
  return [...painted, ...doubt.map((line) => style.paint(line, "dim"))];
}

/** Every hop saw the same: the picture would say no more than a line does. */
function isEven(flow: FlowFinding): boolean {
  const first = flow.hops[0];
  return flow.hops.every(
    (hop) =>
      hop.request.packets === first?.request.packets &&
      hop.reply.packets === first.reply.packets &&
      hop.droppedByKernel === 0,
  );
}

function renderEven(flow: FlowFinding, style: TextStyle): string[] {
  const first = flow.hops[0];
  const requests = countPackets(first?.request.packets ?? 0, "request");
  const replies = countPackets(first?.reply.packets ?? 0, "reply");
  const places = flow.hops.length === 1 ? "the one hop" : `each of ${flow.hops.length} hops`;
  return [style.paint(`${requests} and ${replies} at ${places}`, "dim")];
}

/** What the ends said, one after the other. */
function renderSaid(flow: FlowFinding, style: TextStyle): string[] {
  const said = sortExchanges(flow).slice(0, MAX_SAID).map(describeExchange).join("; ");
  return said === "" || troubleOf(flow) < 3
    ? []
    : wrapColumns(style.show(said), style.width).map((line) => style.paint(line, "dim"));
}

function renderList(items: readonly string[], style: TextStyle): string[] {
  return items.flatMap((item) => {
    const lines = wrapColumns(style.show(item), style.width - 4);
    return lines.map((line, index) => `  ${index === 0 ? style.glyphs.bullet : " "} ${line}`);
  });
}

function renderPackets(packets: readonly PacketRef[], style: TextStyle): string[] {
  const lines = [style.paint("Packets that show it", "bold")];
  let file = "";
  for (const packet of packets.slice(0, MAX_PACKETS)) {
    if (packet.pcap !== file)
      lines.push(`  ${fitColumns(style.show(packet.pcap), style.width - 2, style.glyphs.more).trimEnd()}`);
    file = packet.pcap;
    const frame = `frame ${packet.frame}`.padEnd(10);
    const summary = fitPacket(style.show(packet.summary), style.width - 15, style.glyphs.more);
    lines.push(`    ${style.paint(frame, "cyan")} ${summary}`);
  }
  if (packets.length > MAX_PACKETS)
    lines.push(`    and ${packets.length - MAX_PACKETS} more in findings.json`);
  return lines;
}

function renderAccess(access: readonly AccessFinding[], style: TextStyle): string[] {
  const lines = [style.paint("Ways in", "bold"), ...renderList(access.map(describeAccess), style)];
  const chosen = describeChosen(access).map((text) => `why ${text}`);
  const rejected = describeRejected(access).map((text) => `not ${text}`);
  return [
    ...lines,
    ...[...chosen, ...rejected].slice(0, MAX_REASONS).flatMap((text) => renderReason(text, style)),
  ];
}

function renderReason(text: string, style: TextStyle): string[] {
  return wrapColumns(style.show(text), style.width - 6).map((line) => style.paint(`      ${line}`, "dim"));
}

function renderChecks(checks: readonly CheckFinding[], style: TextStyle): string[] {
  const lines = checks.flatMap((check) => {
    const paint: Style = CHECK_PAINT[check.status];
    const [first = "", ...more] = partsOf(style.show(`${check.id}: ${check.message}`));
    const text = [
      ...wrapColumns(first, style.width - 14),
      ...more.flatMap((part) =>
        wrapColumns(part, style.width - 16).map(
          (line, index) => `${index === 0 ? style.glyphs.bullet : " "} ${line}`,
        ),
      ),
    ];
    return text.map((line, index) =>
      index === 0
        ? `  ${style.paint(check.status.toUpperCase().padEnd(10), paint)}  ${line}`
        : `${" ".repeat(14)}${line}`,
    );
  });
  const next = checks.flatMap((check) => check.next ?? []);
  return [
    style.paint("Checks", "bold"),
    ...lines,
    ...(next.length === 0 ? [] : ["", ...renderNext(next, style)]),
  ];
}
