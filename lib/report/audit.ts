import type { Audit, AuditSeverity, AuditStatement, AuditStatus } from "../model/audit/audit.js";
import { wrapColumns } from "../text/columns.js";
import type { Style } from "../text/paint.js";
import { countChecks, placeAudited } from "./flow-audit.js";
import { BROKEN, createTextStyle, type TextOptions, type TextStyle } from "./text-style.js";

const INDENT = "    ";
const PAINT: Readonly<Record<AuditStatus, Style>> = { fault: BROKEN, undecided: "yellow", clean: "green" };

/** An audit for a person: the answer first, then each fault, warning and doubt with what says so, then in short what is fine. */
export function reportAudit(audit: Audit, options: TextOptions): string {
  const style = createTextStyle(options);
  const { from, to, protocol, port, statements, status } = audit;
  const asked = `${protocol.toUpperCase()}${port === null || to.text.endsWith(`:${port}`) ? "" : ` port ${port}`}`;
  const ends = `${nameEnd(from)} ${style.glyphs.right} ${nameEnd(to)}, ${asked}: judged by state alone, nothing was sent`;
  const parts = [
    [
      ...wrapAll(style, "", describeStatus(audit)).map((line) => style.paint(line, PAINT[status])),
      ...wrapAll(style, "", ends),
    ],
    ...statements.filter(({ severity }) => severity !== "fine").map((one) => describe(one, style)),
    describeFine(statements, style),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const nameEnd = ({ text, ip }: Audit["from"]): string => (text.startsWith(ip) ? text : `${text} (${ip})`);

function describe(one: AuditStatement, style: TextStyle): readonly string[] {
  const { glyphs } = style;
  const [mark, word, paint] = (
    {
      fault: [glyphs.cross, "", BROKEN],
      warning: [glyphs.warn, "warning: ", "yellow"],
      doubt: [glyphs.warn, "not known: ", "yellow"],
      fine: [glyphs.ok, "", "green"],
    } as const satisfies Readonly<Record<AuditSeverity, readonly [string, string, Style]>>
  )[one.severity];
  const [first = "", ...rest] = wrapAll(style, "  ", `${word}${placeAudited(one)}: ${one.what}`);
  return [
    `${style.paint(mark, paint)} ${first.trimStart()}`,
    ...rest,
    ...one.evidence.flatMap(({ command, line }) => wrapAll(style, INDENT, `${command}: ${line}`)),
    ...(one.next === null ? [] : wrapAll(style, INDENT, `${glyphs.right} ${one.next}`)),
  ];
}

/** What was looked at and is well, by check: each sentence of it would bury what is not. */
function describeFine(statements: readonly AuditStatement[], style: TextStyle): readonly string[] {
  const [counts] = countChecks(statements, { severity: "fine", title: "found well" });
  if (counts === undefined) return [];
  const text = `${counts} (--output json has each)`;
  const [first = "", ...rest] = wrapAll(style, "  ", text);
  return [`${style.paint(style.glyphs.ok, "green")} ${first.trimStart()}`, ...rest];
}

function wrapAll(style: TextStyle, indent: string, text: string): readonly string[] {
  return wrapColumns(style.show(text), style.width - indent.length).map((line) => `${indent}${line}`);
}

function describeStatus({ status, statements }: Audit): string {
  const count = (severity: AuditSeverity): number =>
    statements.filter((one) => one.severity === severity).length;
  const [faults, warnings, doubts] = [count("fault"), count("warning"), count("doubt")];
  const more = [
    ...(warnings === 0 ? [] : [plural(warnings, "warning")]),
    ...(doubts === 0 ? [] : [`${plural(doubts, "thing")} not known`]),
  ].join(", ");
  const tail = more === "" ? "" : `; ${more}`;
  if (status === "fault") return `${plural(faults, "FAULT")}: packets would not get through${tail}`;
  if (status === "undecided") return `No fault in what could be judged${tail}`;
  return `No fault in the state of the nodes${tail}`;
}

function plural(count: number, word: string): string {
  const many = word === word.toUpperCase() ? "S" : "s";
  return `${count} ${word}${count === 1 ? "" : many}`;
}
