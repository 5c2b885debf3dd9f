import { measureColumns, padColumns } from "./columns.js";

/** A line for each row, their cells under each other with two spaces between. */
export function alignCells(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, measureColumns(cell));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => padColumns(cell, widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}
