import { visible } from "../model/visible.js";
import { measureColumns, padColumns } from "../text/columns.js";
import { makePaint, type Style } from "../text/paint.js";
import type { DoctorReport } from "./report.js";
import type { DoctorRow, RowStatus } from "./rows.js";

const WORDS: Readonly<Record<RowStatus, string>> = { ok: "ok", warn: "warn", blocks: "BLOCKS" };
const COLORS: Readonly<Record<RowStatus, Style>> = { ok: "green", warn: "yellow", blocks: "red" };
const MAX_TARGET = 40;

/** The table for a person, and what it comes to. */
export function renderDoctor(report: DoctorReport, { color }: { readonly color: boolean }): string {
  const { rows, notLookedAt, cluster } = report;
  const paint = makePaint(color);
  const target = (row: DoctorRow): string => visible(row.target ?? cluster.name, { maxChars: MAX_TARGET });
  const width = Math.max(...rows.map((row) => measureColumns(target(row))), 1);
  const lines = rows.flatMap((row) => {
    const word = WORDS[row.status].padEnd(6);
    const shown = paint(COLORS[row.status], word);
    const head = `${shown}  ${row.check.padEnd(12)}  ${padColumns(target(row), width)}  `;
    const indent = " ".repeat(6 + 2 + 12 + 2 + width + 2);
    return [
      `${head}${visible(row.found)}`,
      ...(row.todo === null ? [] : [`${indent}-> ${visible(row.todo)}${describeClosed(row)}`]),
    ];
  });
  const left = notLookedAt.map(({ what, reason }) => `not looked at: ${visible(what)}: ${visible(reason)}`);
  const verdict = describeVerdict(report);
  return `${[...lines, ...left, verdict].join("\n")}\n`;
}

/** What was not looked at is never well. */
function describeVerdict({ rows, notLookedAt, status }: DoctorReport): string {
  if (status === "blocks") return "A run cannot be: see what blocks it.";
  const isWhole = notLookedAt.length === 0;
  if (!isWhole && rows.length === 0) return "Nothing was looked at, so it is not known whether a run can be.";
  if (status === "warn") {
    return isWhole
      ? "A run can be; see the warnings."
      : "What was looked at allows a run, with warnings; what was not looked at may not.";
  }
  return isWhole
    ? "Nothing stands in a run's way."
    : "Nothing that was looked at stands in a run's way; what was not looked at may.";
}

function describeClosed({ blocks }: DoctorRow): string {
  return blocks.length === 0 ? "" : ` (closes ${blocks.join(", ")})`;
}
