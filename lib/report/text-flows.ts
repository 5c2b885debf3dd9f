import type { Findings, FlowFinding } from "../model/findings.js";
import { fitColumns, measureColumns, padColumns } from "../text/columns.js";
import { sortDetected } from "./flow-words.js";
import { describeMissing, lossyLegs } from "./legs.js";
import { describeLeftOut, rankFlows, troubleOf, type RankedFlow } from "./ranking.js";
import { STATUS_PAINT, type TextStyle } from "./text-style.js";
import { countAtEnds, endSentence, nameFlow, nameTraffic } from "./words.js";

/** A screen; all of them are in the other reports. */
const MAX_ROWS = 40;

/** All flows as a table, the worst first: verdict, ends, traffic, packets, and what went missing or was found. */
export function renderFlowTable(findings: Findings, style: TextStyle): string[] {
  const ranked = rankFlows(findings.flows).slice(0, MAX_ROWS);
  const rows = ranked.map((one) => describeRow(one, style));
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.map(({ cells }) => measureColumns(cells[column] ?? ""))),
  );
  const traffic = Math.min(widths[2] ?? 0, 18);
  const rest = Math.max(24, style.width - (widths[0] ?? 0) - traffic - (widths[3] ?? 0) - 2 * 4);
  // Words are cut where they must be; numbers never are.
  const found = Math.min(widths[4] ?? 0, Math.max(28, Math.floor(rest * 0.45)));
  const names = Math.min(widths[1] ?? 0, Math.max(8, rest - found));
  const lines = rows.map(({ flow, cells }) => {
    const [status, name, kind, counts, what] = cells as [string, string, string, string, string];
    const line = [
      style.paint(
        padColumns(status, widths[0] ?? 0),
        troubleOf(flow) === 1 ? "yellow" : STATUS_PAINT[flow.verdict.status],
      ),
      fitColumns(name, names, style.glyphs.more),
      style.paint(fitColumns(kind, traffic, style.glyphs.more), "dim"),
      counts.padStart(widths[3] ?? 0),
      fitColumns(what, Math.min(found, Math.max(0, rest - names)), style.glyphs.more).trimEnd(),
    ];
    return line.join("  ").trimEnd();
  });
  const leftOut = describeLeftOut(findings, ranked);
  return leftOut === null ? lines : [...lines, style.paint(style.show(endSentence(leftOut)), "dim")];
}

function describeRow(
  { flow }: RankedFlow,
  style: TextStyle,
): { readonly flow: FlowFinding; readonly cells: readonly string[] } {
  const often = (flow.connections ?? 1) > 1 ? ` ×${flow.connections}` : "";
  const cells = [
    flow.verdict.status.toUpperCase(),
    nameFlow(flow),
    `${nameTraffic(flow)}${often}`,
    countAtEnds(flow),
    describeTrouble(flow),
  ];
  return { flow, cells: cells.map((cell) => style.show(cell)) };
}

/** What went missing on the worst leg, else what a detector says; nothing where all is well. */
function describeTrouble(flow: FlowFinding): string {
  const [worst] = lossyLegs(flow);
  const { lost, caveats, status } = flow.verdict;
  if (worst !== undefined) return `${describeMissing(worst)} missing`;
  if (lost.packets > 0) return `${describeMissing({ missing: lost.packets, sent: lost.of })} missing`;
  const said = sortDetected(flow).find(({ severity }) => severity !== "note")?.summary;
  return said ?? (status === "inconclusive" ? (caveats[0] ?? "") : "");
}
