import type { DetectorFinding, FlowFinding, LegFinding } from "../model/findings.js";
import { wrapColumns } from "../text/columns.js";
import type { Style } from "../text/paint.js";
import { describeExchange, describeRewrite, sortDetected, sortExchanges } from "./flow-words.js";
import { AUDIT_TITLE, summariseAudit } from "./flow-audit.js";
import { describeMissing, lossyLegs, placeBetween } from "./legs.js";
import { BROKEN, type TextStyle } from "./text-style.js";
import { endSentence } from "./words.js";

/** Of each; all of them are in the other reports. */
const MOST = 8;

const SEVERITY_PAINT: Readonly<Record<DetectorFinding["severity"], Style>> = {
  fail: BROKEN,
  warn: "yellow",
  note: "dim",
};

/** What a terminal shows of a flow beside its path: blocks of lines, none where there is nothing to say. */
export function renderDetails(flow: FlowFinding, style: TextStyle): string[][] {
  return [
    renderLegs(flow, style),
    renderRewrites(flow, style),
    renderExchanges(flow, style),
    renderDetected(flow, style),
    renderAudit(flow, style),
  ].filter((lines) => lines.length > 0);
}

function renderLegs(flow: FlowFinding, style: TextStyle): string[] {
  const legs = lossyLegs(flow);
  // The verdict has said it of the only one.
  const isSaid = flow.verdict.status === "lost" && legs.length === 1 && legs[0]?.pattern.length === 0;
  return isSaid ? [] : list("Missing between hops", legs.map(describeLeg), style);
}

function describeLeg(leg: LegFinding): string {
  const pattern = leg.pattern.length === 0 ? "" : `: ${leg.pattern.join("; ")}`;
  return `${leg.direction}: ${describeMissing(leg)} ${placeBetween(leg.from, leg.to)}${pattern}`;
}

function renderRewrites(flow: FlowFinding, style: TextStyle): string[] {
  return list("Addresses that changed on the way", (flow.rewrites ?? []).map(describeRewrite), style);
}

function renderExchanges(flow: FlowFinding, style: TextStyle): string[] {
  return list("What the ends said", sortExchanges(flow).map(describeExchange), style);
}

function renderDetected(flow: FlowFinding, style: TextStyle): string[] {
  const all = sortDetected(flow);
  const lines = all.slice(0, MOST).flatMap(({ severity, summary, next }) => {
    const [first, ...others] = wrapColumns(style.show(endSentence(summary)), style.width - 8);
    const paint = SEVERITY_PAINT[severity];
    return [
      `  ${style.paint(severity.toUpperCase().padEnd(4), paint)}  ${first ?? ""}`,
      ...others.map((line) => `        ${line}`),
      ...next.slice(0, 2).flatMap((step) => hang(`${style.glyphs.right} ${style.show(step)}`, style)),
    ];
  });
  return withTitle("What else was found", [...lines, ...omitted(all.length, style)], style);
}

function renderAudit({ audit, verdict }: FlowFinding, style: TextStyle): string[] {
  if (audit === undefined) return [];
  const { items, rest } = summariseAudit(audit);
  // That nothing was to be feared and nothing happened is for who wants to check: in the other reports.
  if (items.length === 0 && verdict.status === "delivered") return [];
  const lines = items.slice(0, MOST).flatMap(({ severity, sentence, evidence, next }) => {
    const [first, ...others] = wrapColumns(style.show(endSentence(sentence)), style.width - 11);
    return [
      `  ${style.paint(severity.toUpperCase().padEnd(7), severity === "fault" ? BROKEN : "yellow")}  ${first ?? ""}`,
      ...others.map((line) => `           ${line}`),
      ...evidence.slice(0, 1).flatMap((line) => hang(style.show(line), style)),
      ...(next === null ? [] : hang(`${style.glyphs.right} ${style.show(next)}`, style)),
    ];
  });
  const more = rest.flatMap((text) => wrapColumns(style.show(text), style.width - 2));
  return withTitle(
    AUDIT_TITLE,
    [...lines, ...omitted(items.length, style), ...more.map((line) => style.paint(`  ${line}`, "dim"))],
    style,
  );
}

function hang(text: string, style: TextStyle): string[] {
  return wrapColumns(text, style.width - 10).map((line, index) =>
    style.paint(`${" ".repeat(index === 0 ? 8 : 10)}${line}`, "dim"),
  );
}

function list(title: string, items: readonly string[], style: TextStyle): string[] {
  const lines = items
    .slice(0, MOST)
    .flatMap((item) =>
      wrapColumns(style.show(item), style.width - 4).map(
        (line, index) => `  ${index === 0 ? style.glyphs.bullet : " "} ${line}`,
      ),
    );
  return withTitle(title, [...lines, ...omitted(items.length, style)], style);
}

function omitted(count: number, style: TextStyle): string[] {
  return count > MOST ? [style.paint(`    and ${count - MOST} more in findings.json`, "dim")] : [];
}

function withTitle(title: string, lines: readonly string[], style: TextStyle): string[] {
  return lines.length === 0 ? [] : [style.paint(title, "bold"), ...lines];
}
