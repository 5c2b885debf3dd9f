import type { Findings, FlowFinding } from "../model/findings.js";
import { fitColumns, measureColumns, padColumns, wrapColumns } from "../text/columns.js";
import { isOneWay, sortDetected } from "./flow-words.js";
import { describeMissing, lossyLegs } from "./legs.js";
import { describeLeftOut, rankFlows, troubleOf } from "./ranking.js";
import { STATUS_PAINT, type TextStyle } from "./text-style.js";
import { countAtEnds, endSentence, nameFlow, nameTraffic } from "./words.js";

/** A screen; all of them are in the other reports. */
const MAX_ROWS = 40;
const LEAST_NAME = 24;
const LEAST_TRAFFIC = 18;

/** `24 of 72 (33.3 %) missing`: longer is a sentence, which has lines of its own where it does not fit. */
const LONGEST_NUMBERS = 28;
const MOST_LINES = 2;
const GAP = "  ";

interface Row {
  readonly flow: FlowFinding;
  readonly status: string;
  readonly name: string;
  readonly traffic: string;
  readonly counts: string;
  /** What went missing or was found. */
  readonly trouble: string;
}

type Widths = Readonly<Record<Exclude<keyof Row, "flow">, number>>;

/** All flows as a table, the worst first: verdict, ends, traffic, packets, and what went missing or was found. */
export function renderFlowTable(findings: Findings, style: TextStyle): string[] {
  const ranked = rankFlows(findings.flows).slice(0, MAX_ROWS);
  const rows = ranked.map(({ flow }) => describeRow(flow, style));
  const widths = layOut(rows, style.width);
  const lines = rows.flatMap((row) => {
    const isBelow = measureColumns(row.trouble) > widths.trouble;
    const line = [
      style.paint(
        padColumns(row.status, widths.status),
        troubleOf(row.flow) === 1 ? "yellow" : STATUS_PAINT[row.flow.verdict.status],
      ),
      fitColumns(row.name, widths.name, style.glyphs.more),
      style.paint(fitColumns(row.traffic, widths.traffic, style.glyphs.more), "dim"),
      row.counts.padStart(widths.counts),
      ...(isBelow ? [] : [row.trouble]),
    ];
    return [line.join(GAP).trimEnd(), ...(isBelow ? wrapBelow(row.trouble, widths.status, style) : [])];
  });
  const leftOut = describeLeftOut(findings, ranked);
  return leftOut === null ? lines : [...lines, style.paint(style.show(endSentence(leftOut)), "dim")];
}

/** What is found stands beside the flows where there is room for it, or for what is short of it; names are cut last of all. */
function layOut(rows: readonly Row[], columns: number): Widths {
  const widest = (cell: keyof Widths, of = rows): number =>
    Math.max(0, ...of.map((row) => measureColumns(row[cell])));
  const [status, name, traffic, counts] = [
    widest("status"),
    widest("name"),
    widest("traffic"),
    widest("counts"),
  ];
  const beside = columns - status - counts - 3 * GAP.length;
  const roomFor = (trouble: number): number => beside - (trouble === 0 ? 0 : trouble + GAP.length);
  const short = rows.filter((row) => measureColumns(row.trouble) <= LONGEST_NUMBERS);
  const trouble =
    [widest("trouble"), widest("trouble", short)].find((one) => name + traffic <= roomFor(one)) ?? 0;
  const room = roomFor(trouble);
  const shownTraffic = name + traffic <= room ? traffic : Math.min(traffic, LEAST_TRAFFIC);
  const shownName = Math.min(name, Math.max(LEAST_NAME, room - shownTraffic));
  return { status, name: shownName, traffic: shownTraffic, counts, trouble };
}

function wrapBelow(text: string, indent: number, style: TextStyle): readonly string[] {
  const room = style.width - indent - GAP.length;
  const lines = wrapColumns(text, room);
  const shown = lines.slice(0, MOST_LINES);
  if (lines.length > MOST_LINES)
    shown[MOST_LINES - 1] = `${shown[MOST_LINES - 1]!.slice(0, room - 2)} ${style.glyphs.more}`;
  return shown.map((line) => `${" ".repeat(indent)}${GAP}${line}`);
}

function describeRow(flow: FlowFinding, style: TextStyle): Row {
  const often = (flow.connections ?? 1) > 1 ? ` ×${flow.connections}` : "";
  return {
    flow,
    status: flow.verdict.status.toUpperCase(),
    name: style.show(nameFlow(flow)),
    traffic: style.show(`${nameTraffic(flow)}${often}`),
    counts: countAtEnds(flow),
    trouble: style.show(describeTrouble(flow)),
  };
}

const ONE_WAY = "one-way: no answer due";

/** What went missing on the worst leg, else what a detector says; nothing where all is well. */
function describeTrouble(flow: FlowFinding): string {
  const [worst] = lossyLegs(flow);
  const { lost, caveats, status } = flow.verdict;
  if (worst !== undefined) return `${describeMissing(worst)} missing`;
  if (lost.packets > 0) return `${describeMissing({ missing: lost.packets, sent: lost.of })} missing`;
  const said = sortDetected(flow).find(({ severity }) => severity !== "note")?.summary;
  if (said !== undefined) return said;
  if (status === "delivered" && isOneWay(flow)) return ONE_WAY;
  return status === "inconclusive" ? (caveats[0] ?? "") : "";
}
