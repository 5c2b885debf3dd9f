import type { Audit, AuditPlace, AuditSeverity, AuditStatement } from "../model/audit/audit.js";
import { visible } from "../model/visible.js";
import { makePaint, type Style } from "../text/paint.js";

const WORDS: Readonly<Record<AuditSeverity, string>> = {
  fault: "FAULT",
  warning: "warning",
  doubt: "doubt",
  fine: "fine",
};
const COLORS: Readonly<Record<AuditSeverity, Style>> = {
  fault: ["bold", "red"],
  warning: "yellow",
  doubt: "magenta",
  fine: "green",
};
const WORD_COLUMNS = 9;

/** An audit for a person: what is wrong with what says so, then in short what is fine. */
export function reportAudit(audit: Audit, { color }: { readonly color: boolean }): string {
  const { from, to, protocol, port, statements } = audit;
  const paint = makePaint(color);
  const asked = `${protocol.toUpperCase()}${port === null ? "" : ` port ${String(port)}`}`;
  const head = `${visible(from.text)} (${from.ip}) to ${visible(to.text)} (${to.ip}), ${asked}: judged by state alone, nothing was sent`;
  const lines = statements.flatMap((one) => {
    const word = paint(COLORS[one.severity], WORDS[one.severity].padEnd(WORD_COLUMNS));
    const shown = `${word}${describePlace(one)}: ${visible(one.what)}`;
    return one.severity === "fine" ? [shown] : [shown, ...details(one)];
  });
  return `${[head, ...lines, describeStatus(audit)].join("\n")}\n`;
}

function describePlace({ place, direction }: AuditStatement): string {
  return `${visible(nameOf(place))}${direction === null ? "" : ` (${direction})`}`;
}

function nameOf({ node, pod, device }: AuditPlace): string {
  const at = pod === null ? node : `pod ${pod} on ${node}`;
  return device === null ? at : `${at}, ${device}`;
}

function details({ evidence, next }: AuditStatement): string[] {
  const indent = " ".repeat(WORD_COLUMNS);
  const shown = evidence.map(({ command, line }) => `${indent}\`${visible(command)}\`: ${visible(line)}`);
  return next === null ? shown : [...shown, `${indent}-> ${visible(next)}`];
}

function describeStatus({ status, statements }: Audit): string {
  const count = (severity: AuditSeverity): number =>
    statements.filter((one) => one.severity === severity).length;
  if (status === "fault") return `${plural(count("fault"), "fault")}: packets would not get through.`;
  if (status === "undecided")
    return `No fault in what could be judged; ${plural(count("doubt"), "doubt")} stand open.`;
  const warnings = count("warning");
  return warnings === 0
    ? "No fault in the state of the nodes."
    : `No fault in the state of the nodes; ${plural(warnings, "warning")}.`;
}

function plural(count: number, word: string): string {
  return `${String(count)} ${word}${count === 1 ? "" : "s"}`;
}
