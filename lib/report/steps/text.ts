import type { Findings, MarkFinding, PrintedFinding } from "../../model/findings.js";
import { fitColumns, wrapColumns } from "../../text/columns.js";
import type { TextStyle } from "../text-style.js";
import { describeMark, describePrinted } from "./words.js";

/** All of them are in the other reports. */
const MAX_PRINTED = 8;
const MAX_MARKS = 20;

/** What happened meanwhile, and what the runbook's own commands printed: a block of lines each. */
export function renderSteps({ marks, printed }: Findings, style: TextStyle): string[][] {
  return [
    ...(marks === undefined || marks.length === 0 ? [] : [renderMarks(marks, style)]),
    ...(printed === undefined || printed.length === 0 ? [] : [renderPrinted(printed, style)]),
  ];
}

function renderMarks(marks: readonly MarkFinding[], style: TextStyle): string[] {
  const lines = marks.slice(0, MAX_MARKS).flatMap((mark) => {
    const wrapped = wrapColumns(style.show(describeMark(mark)), style.width - 4);
    return wrapped.map((line, index) => `  ${index === 0 ? style.glyphs.bullet : " "} ${line}`);
  });
  return [style.paint("Meanwhile", "bold"), ...lines, ...restOf(marks.length - MAX_MARKS)];
}

function renderPrinted(printed: readonly PrintedFinding[], style: TextStyle): string[] {
  const fit = (text: string, columns: number): string =>
    fitColumns(style.show(text), columns, style.glyphs.more).trimEnd();
  const blocks = printed.slice(0, MAX_PRINTED).flatMap((one) => {
    const { head, lines } = describePrinted(one);
    const shown = lines.map((line) => `    ${fit(line, style.width - 4)}`.trimEnd());
    return [`  ${style.paint(fit(head, style.width - 2), "cyan")}`, ...shown];
  });
  return [style.paint("What commands printed", "bold"), ...blocks, ...restOf(printed.length - MAX_PRINTED)];
}

function restOf(count: number): string[] {
  return count > 0 ? [`  and ${count} more in findings.json`] : [];
}
